using FaaS.Application.Scaler;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Infrastructure.Fleet.Kubernetes;

internal static class KubernetesFleetSetup
{
    /// <summary>
    /// Adds the fleet that is a Kubernetes Deployment. The host starts without a cluster too: until there is one, calls
    /// are answered with why.
    /// </summary>
    public static IServiceCollection AddKubernetesFleet(this IServiceCollection services)
    {
        services.AddOptions<KubernetesFleetOptions>().BindConfiguration(KubernetesFleetOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        return services.AddSingleton<IWorkerFleet, KubernetesFleet>();
    }
}
