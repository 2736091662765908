using FaaS.Application.Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Worker;

/// <summary>The module that runs functions. It calls the others and answers nobody.</summary>
public sealed class WorkerModule : IModule
{
    /// <inheritdoc/>
    public static RequestContract Contract { get; } = new("worker", []);

    /// <inheritdoc/>
    public static void AddTo(IServiceCollection services)
    {
        services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddHostedService<WorkerLoop>();
    }
}
