using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Infrastructure.Fleet.Processes;

internal static class ProcessFleetSetup
{
    /// <summary>Adds the fleet that is processes of this machine.</summary>
    public static IServiceCollection AddProcessFleet(this IServiceCollection services) => services;
}
