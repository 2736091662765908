using Carter;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FaaS.Infrastructure.Http;

/// <summary>Registers and maps the REST frontend.</summary>
public static class FrontendSetup
{
    /// <summary>Registers the routes and their settings. Needs a mediator and an <c>ISandbox</c>.</summary>
    /// <param name="services">The container.</param>
    /// <param name="auth">Who may call.</param>
    /// <param name="adminKeyHash">SHA-256 of an admin key that is not among the settings; null for none.</param>
    /// <exception cref="CompositionException">Keys are needed, and there is no admin key to make the first user with.</exception>
    public static IServiceCollection AddFrontend(
        this IServiceCollection services, AuthOptions auth, byte[]? adminKeyHash = null)
    {
        ArgumentNullException.ThrowIfNull(auth);
        var adminKey = auth.AdminKey is null ? adminKeyHash : AuthOptions.HashOf(auth.AdminKey);
        if (auth.Mode == AuthMode.Keys && adminKey is null)
            throw new CompositionException(
                $"Callers need keys, and there is no admin key to make the first with: set {AuthOptions.AdminKeyVariable} to "
                + $"{AuthOptions.AdminKeyLengthMin} characters or more, or Auth__Mode=open where only this machine can call.");
        services.AddSingleton(new AccessRules(
            auth.Mode == AuthMode.Open, adminKey ?? [], auth.MetricsKey is null ? [] : AuthOptions.HashOf(auth.MetricsKey)));
        services.AddSingleton<KeyRing>();
        services.AddSingleton<Gate>();
        services.AddSingleton<JobOwners>();
        services.AddSingleton<KeyUses>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyUses>());
        services.AddSingleton<RefusalLog>();
        services.AddHostedService(provider => provider.GetRequiredService<RefusalLog>());
        services.AddSingleton<KeyEndpoints>();
        services.AddSingleton<AuditEndpoints>();
        services.AddSingleton<QuotaEndpoints>();
        services.AddSingleton<ConfigEndpoints>();
        services.AddSingleton<ScheduleEndpoints>();
        services.AddSingleton<VersionEndpoints>();
        services.AddSingleton<UsageEndpoints>();
        services.AddOptions<HttpOptions>().BindConfiguration(HttpOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        services.Configure<KestrelServerOptions>(server => server.AddServerHeader = false);
        services.AddSingleton(provider =>
            new RepeatsUntil(provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
        services.AddSingleton<JobIds>();
        services.AddSingleton<JobEnds>();
        services.AddSingleton<Uploads>();
        services.AddSingleton<UserEndpoints>();
        services.AddSingleton<FunctionEndpoints>();
        services.AddSingleton<RunEndpoints>();
        services.AddSingleton<JobEndpoints>();
        services.AddSingleton<JobFinder>();
        services.AddSingleton<JobListEndpoints>();
        services.AddSingleton<LogEndpoints>();
        services.AddSingleton<LogFollower>();
        services.AddSingleton<Redriver>();
        services.AddSingleton<RedriveEndpoints>();
        services.AddSingleton<JobBulkEndpoints>();
        services.AddSingleton<DecisionEndpoints>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<IReadiness>(provider =>
            new QueueReadiness(provider.GetRequiredService<IMediator>(), needsWorkers: true));
        services.AddCarter(configurator: carter => carter
            .WithModule<UserRoutes>().WithModule<FunctionRoutes>().WithModule<RunRoutes>()
            .WithModule<JobRoutes>().WithModule<JobListRoutes>().WithModule<KeyRoutes>().WithModule<QuotaRoutes>().WithModule<ConfigRoutes>().WithModule<ScheduleRoutes>().WithModule<VersionRoutes>().WithModule<UsageRoutes>().WithModule<AuditRoutes>().WithModule<DecisionRoutes>().WithModule<HealthRoutes>()
            .WithEmptyValidators());
        return services;
    }

    /// <summary>Says that a route of the host is the one for metrics, which has a key of its own.</summary>
    public static IEndpointConventionBuilder NeedsMetricsKey(this IEndpointConventionBuilder route) => route.ForMetrics();

    /// <summary>Maps the routes.</summary>
    public static WebApplication MapFrontend(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<EveryRequest>();
        app.UseRouting();
        app.UseMiddleware<AccessCheck>();
        app.MapCarter();
        return app;
    }
}
