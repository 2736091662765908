using FaaS.Application.Scaler;
using FaaS.Infrastructure.Fleet.Kubernetes;
using FaaS.Infrastructure.Fleet.Kumori;
using FaaS.Infrastructure.Fleet.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Infrastructure.Fleet;

/// <summary>Registers the fleet that the settings name.</summary>
public static class FleetSetup
{
    /// <summary>
    /// Adds the <see cref="IWorkerFleet"/> of the section <c>Fleet</c>; none where there is none, and the scaler only
    /// tells what it would do.
    /// </summary>
    public static IServiceCollection AddFleet(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<FleetOptions>().BindConfiguration(FleetOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        return configuration.GetValue<FleetKind>($"{FleetOptions.SectionName}:{nameof(FleetOptions.Kind)}") switch
        {
            FleetKind.Process => services.AddProcessFleet(),
            FleetKind.Kumori => services.AddKumoriFleet(),
            FleetKind.Kubernetes => services.AddKubernetesFleet(),
            _ => services,
        };
    }
}
