using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Infrastructure.Fleet.Kumori;

internal static class KumoriFleetSetup
{
    /// <summary>Adds the fleet that is the Kumori platform.</summary>
    public static IServiceCollection AddKumoriFleet(this IServiceCollection services) => services;
}
