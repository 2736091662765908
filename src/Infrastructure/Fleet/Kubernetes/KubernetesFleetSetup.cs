using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Infrastructure.Fleet.Kubernetes;

internal static class KubernetesFleetSetup
{
    /// <summary>Adds the fleet that is a Kubernetes Deployment.</summary>
    public static IServiceCollection AddKubernetesFleet(this IServiceCollection services) => services;
}
