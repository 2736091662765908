using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Infrastructure.Http.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>Whether the process lives, and whether it can do its work.</summary>
internal sealed class HealthEndpoints(IEnumerable<IReadiness> needs, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", http => Answers.Text(http, "live")).ForAnybody();
        app.MapGet("/health/ready", GetReadyAsync).ForAnybody();
    }

    private async Task GetReadyAsync(HttpContext http)
    {
        var missing = await needs.FindMissingAsync(time, http.RequestAborted).ConfigureAwait(false);
        await (missing is null
            ? Answers.Text(http, "ready")
            : Answers.Fail(http, new Error(ErrorCode.Unavailable, missing, 1))).ConfigureAwait(false);
    }
}
