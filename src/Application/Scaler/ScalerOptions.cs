using System.ComponentModel.DataAnnotations;

namespace FaaS.Application.Scaler;

/// <summary>Settings of the scaler, section <c>Scaler</c>.</summary>
public sealed class ScalerOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Scaler";

    /// <summary>How often the backlog is sampled.</summary>
    /// <value>100 ms to 10 min; default 5 s, the original's.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);
}
