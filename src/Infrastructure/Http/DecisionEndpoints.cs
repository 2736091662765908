using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace FaaS.Infrastructure.Http;

/// <summary>What the scaler has decided.</summary>
internal sealed class DecisionEndpoints(IMediator mediator)
{
    public void Map(IEndpointRouteBuilder app) => app.MapGet("/autoscaler/decisions", ListAsync).ForAdmin();

    private async Task ListAsync(HttpContext http)
    {
        var query = DecisionQuery.Of(http);
        var decisions = query.IsOk ? await ReadAsync(query.Value, http.RequestAborted).ConfigureAwait(false) : query.Error;
        http.Response.Headers.Vary = HeaderNames.Accept;
        await (!decisions.IsOk ? Answers.Fail(http, decisions.Error)
            : PrefersText(http) ? Answers.Plain(http, DecisionInfo.Lines(decisions.Value))
            : Answers.Write(http, StatusCodes.Status200OK, decisions.Value, DecisionInfo.Write)).ConfigureAwait(false);
    }

    /// <summary>A page from Db may be shorter than what was asked for, for the sake of its size.</summary>
    private async Task<Result<IReadOnlyList<RecordedDecision>>> ReadAsync(
        DecisionQuery query, CancellationToken cancellation)
    {
        var decisions = new List<RecordedDecision>();
        var before = query.Before;
        while (true)
        {
            var request = new ListDecisions(query.Limit - decisions.Count, before, query.ChangesOnly);
            var page = await mediator.Send(request, cancellation).ConfigureAwait(false);
            if (!page.IsOk) return page.Error;
            decisions.AddRange(page.Value.Decisions);
            if (!page.Value.More || decisions.Count >= query.Limit || page.Value.Decisions.Count == 0)
                return decisions;
            before = page.Value.Decisions[^1].Id;
        }
    }

    /// <summary>Lines go to those who name them and do not like JSON as much.</summary>
    private static bool PrefersText(HttpContext http)
    {
        var accepted = http.Request.GetTypedHeaders().Accept;
        return Quality("text/plain", "text/*") > Quality("application/json", "application/*");

        double Quality(string type, string range) =>
            (Find(type) ?? Find(range) ?? Find("*/*")) is { } found ? found.Quality ?? 1 : 0;

        MediaTypeHeaderValue? Find(string type) => accepted.FirstOrDefault(
            value => value.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase));
    }
}
