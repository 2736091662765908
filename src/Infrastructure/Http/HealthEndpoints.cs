using FaaS.Application.Queue;
using FaaS.Domain;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>Whether the process lives, and whether it can do its work.</summary>
internal sealed class HealthEndpoints(IMediator mediator, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", http => Answers.Text(http, "live"));
        app.MapGet("/health/ready", GetReadyAsync);
    }

    private async Task GetReadyAsync(HttpContext http)
    {
        var missing = await FindMissingAsync(http.RequestAborted).ConfigureAwait(false);
        await (missing is null
            ? Answers.Text(http, "ready")
            : Answers.Fail(http, new Error(ErrorCode.Unavailable, missing, 1))).ConfigureAwait(false);
    }

    private async Task<string?> FindMissingAsync(CancellationToken cancellation)
    {
        try
        {
            var counts = await mediator.Send(new GetBacklog(), cancellation).WaitAsync(Patience, time, cancellation)
                .ConfigureAwait(false);
            if (!counts.IsOk) return $"The queue does not answer: {counts.Error.Message}";
            if (!counts.Value.StoreAvailable) return "The store does not take writes.";
            return counts.Value.Workers == 0 ? "There is no worker." : null;
        }
        catch (TimeoutException)
        {
            return "The queue does not answer in time.";
        }
    }
}
