using FaaS.Application.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace FaaS.Infrastructure.Sandbox;

/// <summary>Puts the sandbox into a host.</summary>
public static class SandboxSetup
{
    /// <summary>
    /// Adds <see cref="SandboxPool"/> as the <see cref="ISandbox"/>, bound to the section <c>Sandbox</c> and started
    /// with the host. The host's output must hold <c>FaaS.Hosts.Sandbox</c>: reference that project.
    /// </summary>
    public static IServiceCollection AddSandbox(this IServiceCollection services)
    {
        services.AddOptions<SandboxOptions>()
            .BindConfiguration(SandboxOptions.SectionName)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SandboxPool>();
        services.AddSingleton<ISandbox>(provider => provider.GetRequiredService<SandboxPool>());
        services.AddHostedService<SandboxStarter>();
        return services;
    }

    private sealed class SandboxStarter(SandboxPool pool) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            pool.Start();
            return pool.CheckWallsAsync(cancellationToken);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
