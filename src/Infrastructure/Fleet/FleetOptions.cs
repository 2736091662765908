using System.ComponentModel.DataAnnotations;

namespace FaaS.Infrastructure.Fleet;

/// <summary>Who starts and stops the workers.</summary>
public enum FleetKind
{
    /// <summary>Nobody the scaler could ask: it decides and says so, and changes nothing.</summary>
    None,

    /// <summary>The scaler itself, as processes of its machine.</summary>
    Process,

    /// <summary>The Kumori platform, through its command line tool.</summary>
    Kumori,

    /// <summary>Kubernetes, through its API.</summary>
    Kubernetes,
}

/// <summary>Settings of the fleet, section <c>Fleet</c>.</summary>
public sealed class FleetOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Fleet";

    /// <summary>Who starts and stops the workers.</summary>
    /// <value>Default <see cref="FleetKind.None"/>.</value>
    [EnumDataType(typeof(FleetKind))]
    public FleetKind Kind { get; set; }
}
