using Carter;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Infrastructure.Http;

// Carter's modules are made before the container and take no dependencies. Each resource's endpoints are a class of
// the container, resolved once, when the routes are mapped.

internal sealed class UserRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<UserEndpoints>().Map(app);
}

internal sealed class FunctionRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<FunctionEndpoints>().Map(app);
}

internal sealed class RunRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<RunEndpoints>().Map(app);
}

internal sealed class JobRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<JobEndpoints>().Map(app);
}

internal sealed class JobListRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app)
    {
        app.ServiceProvider.GetRequiredService<JobListEndpoints>().Map(app);
        app.ServiceProvider.GetRequiredService<LogEndpoints>().Map(app);
        app.ServiceProvider.GetRequiredService<RedriveEndpoints>().Map(app);
        app.ServiceProvider.GetRequiredService<JobBulkEndpoints>().Map(app);
    }
}

internal sealed class ScheduleRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<ScheduleEndpoints>().Map(app);
}

internal sealed class UsageRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<UsageEndpoints>().Map(app);
}

internal sealed class VersionRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<VersionEndpoints>().Map(app);
}

internal sealed class DecisionRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<DecisionEndpoints>().Map(app);
}

internal sealed class HealthRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<HealthEndpoints>().Map(app);
}

internal sealed class KeyRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<KeyEndpoints>().Map(app);
}

internal sealed class QuotaRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<QuotaEndpoints>().Map(app);
}

internal sealed class ConfigRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<ConfigEndpoints>().Map(app);
}

internal sealed class AuditRoutes : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app) =>
        app.ServiceProvider.GetRequiredService<AuditEndpoints>().Map(app);
}
