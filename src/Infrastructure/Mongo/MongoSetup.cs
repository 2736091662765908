using FaaS.Application.Db;
using FaaS.Application.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Mongo;

/// <summary>Registers the MongoDB store.</summary>
public static class MongoSetup
{
    /// <summary>
    /// Puts MongoDB behind the db module's ports. Nothing is sent before the host starts, and the host starts without
    /// MongoDB too: until it answers, and this process owns the database, calls are refused and readiness says why.
    /// </summary>
    /// <remarks>To be called before the modules are activated, so that at shutdown the store leaves last.</remarks>
    /// <param name="services">The container.</param>
    /// <param name="url">
    /// <c>mongodb://host/db</c> or <c>mongodb+srv://host/db</c>; the database is <c>faas</c> by default.
    /// </param>
    /// <exception cref="CompositionException">The URL is not of that form.</exception>
    public static IServiceCollection AddMongo(this IServiceCollection services, string url)
    {
        var checkedUrl = MongoOptions.Check(url);
        services.AddOptions<MongoOptions>().BindConfiguration(MongoOptions.SectionName)
            .Configure(options => options.Url = checkedUrl).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new MongoStore(
            provider.GetRequiredService<IOptions<MongoOptions>>().Value,
            provider.GetRequiredService<IOptions<FunctionOptions>>().Value.ToLimits(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MongoStore>>()));
        services.AddHostedService<MongoKeeper>();
        services.AddSingleton<IReadiness, MongoReadiness>();
        services.AddSingleton<IJobStore, MongoJobStore>();
        services.AddSingleton<IJobLists, MongoJobLists>();
        services.AddSingleton<IUserStore, MongoUserStore>();
        services.AddSingleton<IFunctionStore, MongoFunctionStore>();
        services.AddSingleton<IDecisionStore, MongoDecisionStore>();
        services.AddSingleton<IKeyStore, MongoKeyStore>();
        services.AddSingleton<IQuotaStore, MongoQuotaStore>();
        services.AddSingleton<IConfigStore, MongoConfigStore>();
        services.AddSingleton<IVersionStore, MongoVersionStore>();
        services.AddSingleton<IScheduleStore, MongoScheduleStore>();
        services.AddSingleton<IAuditStore, MongoAuditStore>();
        services.AddSingleton<IUsageStore, MongoUsageStore>();
        return services;
    }
}
