using FaaS.Application.Scaler;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FaaS.Infrastructure.Fleet.Processes;

internal static class ProcessFleetSetup
{
    private const string NoKey =
        $"{ProcessFleetOptions.SectionName}:{nameof(ProcessFleetOptions.WorkerRoleKey)} must be set: the scaler holds only " +
        $"the key of its own role ({WorkerLauncher.RoleKeyVariable}), which is none for a worker.";

    /// <summary>Adds the fleet that is processes of this machine. What they print goes to a <see cref="WorkerOutput"/>.</summary>
    public static IServiceCollection AddProcessFleet(this IServiceCollection services)
    {
        services.AddOptions<ProcessFleetOptions>().BindConfiguration(ProcessFleetOptions.SectionName)
            .PostConfigure<IConfiguration>((options, configuration) =>
                options.DbUrl ??= configuration[ProcessFleetOptions.DbUrlVariable])
            .ValidateDataAnnotations()
            .Validate<IConfiguration>(HasKey, NoKey).ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<WorkerLauncher>();
        services.AddSingleton<ProcessFleet>();
        services.AddSingleton<IWorkerFleet>(provider => provider.GetRequiredService<ProcessFleet>());
        return services.AddHostedService(provider => provider.GetRequiredService<ProcessFleet>());
    }

    /// <summary>Whether the workers have a key, or their links need none.</summary>
    private static bool HasKey(ProcessFleetOptions options, IConfiguration configuration) =>
        !string.IsNullOrWhiteSpace(options.WorkerRoleKey)
        || Array.Exists(WorkerLauncher.SecretSettings, setting => !string.IsNullOrWhiteSpace(configuration[setting]))
        || Array.TrueForAll(WorkerLauncher.RoleKeySettings, setting => string.IsNullOrWhiteSpace(configuration[setting]));
}
