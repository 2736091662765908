using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Http.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>Finding jobs again.</summary>
internal sealed class JobListEndpoints(JobFinder finder, TimeProvider time)
{
    private const int LimitDefault = 50;

    public void Map(IEndpointRouteBuilder app) => app.MapGet("/u/{user}/jobs", ListAsync).Needs(Scopes.JobsRead);

    private async Task ListAsync(HttpContext http)
    {
        var filter = JobFilter.Of(http, LimitDefault, JobLists.PageMax);
        var page = filter.IsOk
            ? await finder.FindAsync(filter.Value, unfinished: false, http.RequestAborted).ConfigureAwait(false)
            : filter.Error;
        await (page.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK,
                (page.Value.Jobs, filter.Value.Cursor(page.Value.Next), time.GetUtcNow().ToUnixTimeMilliseconds()), Write)
            : Answers.Fail(http, page.Error)).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter json, (IReadOnlyList<FoundJob> Jobs, string? Cursor, long NowMs) page)
    {
        json.WriteStartObject("res"u8);
        json.WriteStartArray("jobs"u8);
        foreach (var job in page.Jobs) JobInfo.WriteOfList(json, job.Record, job.Standing, page.NowMs);
        json.WriteEndArray();
        json.WriteText("cursor", page.Cursor);
        json.WriteEndObject();
    }
}
