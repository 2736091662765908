using FaaS.Application.Scaler;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FaaS.Infrastructure.Fleet.Kumori;

internal static class KumoriFleetSetup
{
    /// <summary>
    /// Adds the fleet that is the Kumori platform. The host starts without the tool and without credentials too: until
    /// they are there, calls are answered with what is missing.
    /// </summary>
    public static IServiceCollection AddKumoriFleet(this IServiceCollection services)
    {
        services.AddOptions<KumoriFleetOptions>().BindConfiguration(KumoriFleetOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<IWorkerFleet, KumoriFleet>();
    }
}
