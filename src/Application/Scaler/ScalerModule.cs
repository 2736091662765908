using FaaS.Application.Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Scaler;

/// <summary>The module that watches the backlog. It calls the queue and answers nobody.</summary>
public sealed class ScalerModule : IModule
{
    /// <inheritdoc/>
    public static RequestContract Contract { get; } = new("scaler", []);

    /// <inheritdoc/>
    public static void AddTo(IServiceCollection services)
    {
        services.AddOptions<ScalerOptions>().BindConfiguration(ScalerOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddHostedService<BacklogLoop>();
    }
}
