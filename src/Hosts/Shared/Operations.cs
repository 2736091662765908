using FaaS.Application.Messaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Hosts.Shared;

/// <summary>What every part answers to those who operate it. The frontend has the same routes among its own.</summary>
public static class Operations
{
    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>, which says what is missing.</summary>
    public static WebApplication MapOperations(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapGet("/health/live", http => AnswerAsync(http, StatusCodes.Status200OK, new Health(false, "live", null)));
        app.MapGet("/health/ready", GetReadyAsync);
        return app;
    }

    private static async Task GetReadyAsync(HttpContext http)
    {
        var services = http.RequestServices;
        var missing = await services.GetServices<IReadiness>()
            .FindMissingAsync(services.GetRequiredService<TimeProvider>(), http.RequestAborted).ConfigureAwait(false);
        if (missing is null)
        {
            await AnswerAsync(http, StatusCodes.Status200OK, new Health(false, "ready", null)).ConfigureAwait(false);
            return;
        }
        http.Response.Headers.RetryAfter = "1";
        await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, new Health(true, missing, "unavailable"))
            .ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext http, int status, Health health)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(health, HealthJson.Default.Health, cancellationToken: http.RequestAborted);
    }
}
