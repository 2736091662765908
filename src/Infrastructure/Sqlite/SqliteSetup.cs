using System.Diagnostics.Metrics;
using FaaS.Application.Db;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Registers the embedded store.</summary>
public static class SqliteSetup
{
    /// <summary>
    /// Puts SQLite behind the db module's ports. The file is opened when the first of them is asked for.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="url"><c>sqlite:&lt;file&gt;</c>.</param>
    /// <exception cref="Application.Messaging.CompositionException">The URL is not of that form.</exception>
    public static IServiceCollection AddSqlite(this IServiceCollection services, string url)
    {
        var file = SqliteOptions.FileOf(url);
        services.AddOptions<SqliteOptions>().BindConfiguration(SqliteOptions.SectionName)
            .Configure(options => options.File = file).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => new SqliteStore(
            provider.GetRequiredService<IOptions<SqliteOptions>>().Value,
            provider.GetRequiredService<IOptions<FunctionOptions>>().Value.ToLimits(),
            new StoreEnds(
                message => Environment.FailFast(message),
                // Not on the writer's thread, which others may have to wait for while they stop.
                _ => ThreadPool.UnsafeQueueUserWorkItem(
                    static lifetime => lifetime.StopApplication(),
                    provider.GetRequiredService<IHostApplicationLifetime>(), preferLocal: false)),
            provider.GetRequiredService<ILogger<SqliteStore>>(),
            provider.GetService<IMeterFactory>()));
        services.AddSingleton<IJobStore, SqliteJobStore>();
        services.AddSingleton<IJobLists, SqliteJobLists>();
        services.AddSingleton<IUserStore, SqliteUserStore>();
        services.AddSingleton<IFunctionStore, SqliteFunctionStore>();
        services.AddSingleton<IDecisionStore, SqliteDecisionStore>();
        services.AddSingleton<IKeyStore, SqliteKeyStore>();
        services.AddSingleton<IQuotaStore, SqliteQuotaStore>();
        services.AddSingleton<IConfigStore, SqliteConfigStore>();
        services.AddSingleton<IVersionStore, SqliteVersionStore>();
        services.AddSingleton<IScheduleStore, SqliteScheduleStore>();
        services.AddSingleton<IAuditStore, SqliteAuditStore>();
        services.AddSingleton<IUsageStore, SqliteUsageStore>();
        return services;
    }
}
