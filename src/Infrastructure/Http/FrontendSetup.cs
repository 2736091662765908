using Carter;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
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
    public static IServiceCollection AddFrontend(this IServiceCollection services)
    {
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
        services.AddSingleton<DecisionEndpoints>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<IReadiness>(provider =>
            new QueueReadiness(provider.GetRequiredService<IMediator>(), needsWorkers: true));
        services.AddCarter(configurator: carter => carter
            .WithModule<UserRoutes>().WithModule<FunctionRoutes>().WithModule<RunRoutes>()
            .WithModule<JobRoutes>().WithModule<DecisionRoutes>().WithModule<HealthRoutes>()
            .WithEmptyValidators());
        return services;
    }

    /// <summary>Maps the routes.</summary>
    public static WebApplication MapFrontend(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<EveryRequest>();
        app.UseRouting();
        app.MapCarter();
        return app;
    }
}
