using FaaS.Application.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Scaler;

/// <summary>The module that decides how many workers there are. It calls the queue and answers nobody.</summary>
public sealed class ScalerModule : IModule
{
    /// <inheritdoc/>
    public static RequestContract Contract { get; } = new("scaler", []);

    /// <inheritdoc/>
    public static void AddTo(IServiceCollection services)
    {
        services.AddOptions<ScalerOptions>().BindConfiguration(ScalerOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ScalerOptions>, ScalerOptions.Check>();
        services.AddSingleton<ScalerMetrics>();
        services.AddHostedService<ScalerLoop>();
    }
}
