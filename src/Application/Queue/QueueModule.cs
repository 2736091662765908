using FaaS.Application.Messaging;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Queue;

/// <summary>The module that owns jobs' lives. Active in exactly one process.</summary>
public sealed class QueueModule : IModule
{
    /// <inheritdoc/>
    public static RequestContract Contract => QueueContract.Contract;

    /// <inheritdoc/>
    public static void AddTo(IServiceCollection services)
    {
        services.AddModuleParts(typeof(QueueModule));
        services.AddOptions<QueueOptions>().BindConfiguration(QueueOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<QueueMetrics>();
        services.AddSingleton<QueueLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<QueueLoop>());
        services.AddHostedService<QueueUpkeep>();
        services.AddHostedService<ScheduleLoop>();
        services.AddSingleton<IReadiness>(provider =>
            new QueueReadiness(provider.GetRequiredService<IMediator>(), needsWorkers: false));
    }
}
