using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>Searching what a user's jobs have written.</summary>
internal sealed class LogEndpoints(IMediator mediator)
{
    private const int LimitDefault = 100;

    public void Map(IEndpointRouteBuilder app) => app.MapGet("/u/{user}/logs", SearchAsync).Needs(Scopes.JobsRead);

    private async Task SearchAsync(HttpContext http)
    {
        var query = QueryOf(http);
        var page = query.IsOk
            ? await mediator.Send(new SearchLogs(query.Value), http.RequestAborted).ConfigureAwait(false)
            : query.Error;
        await (page.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, (query.Value.User, page.Value), Write)
            : Answers.Fail(http, page.Error)).ConfigureAwait(false);
    }

    private static Result<LogQuery> QueryOf(HttpContext http)
    {
        var filter = JobFilter.Of(http, LimitDefault, LogLimits.PageMax, []);
        if (!filter.IsOk) return filter.Error;
        var (jobText, level, text) = (http.Text("job"), http.Text("level"), http.Text("q"));
        JobId job = default;
        if (jobText.Length > 0 && !JobId.TryParse(jobText, out job))
            return new Error(ErrorCode.InvalidName, $"job must be a job's id, which matches {Names.JobPattern}.");
        if (level.Length > 0 && !LogLimits.Levels.Contains(level))
            return QueryTexts.Wrong("level", level, $"one of {string.Join(", ", LogLimits.Levels)}");
        if (text.Length > LogLimits.TextCharsMax)
            return QueryTexts.Wrong("q", text, $"a text of {LogLimits.TextCharsMax} characters at most");
        // The place is that of a job, and how many of its lines were given.
        var (before, skip) = Math.DivRem(filter.Value.Place, LogLimits.LinesMax);
        return new LogQuery(
            filter.Value.User, filter.Value.Function, jobText.Length == 0 ? null : job, level.Length == 0 ? null : level,
            filter.Value.FromMs, filter.Value.ToMs, text.Length == 0 ? null : text, before, (int)skip, filter.Value.Limit);
    }

    private static void Write(Utf8JsonWriter json, (string User, FoundLines Page) state)
    {
        json.WriteStartObject("res"u8);
        json.WriteStartArray("logs"u8);
        foreach (var line in state.Page.Lines)
        {
            json.WriteStartObject();
            json.WriteString("at"u8, line.At);
            json.WriteString("level"u8, line.Level);
            json.WriteString("text"u8, line.Text);
            json.WriteString("job"u8, line.Job.ToString());
            json.WriteString("fn"u8, line.Function);
            json.WriteNumber("version"u8, line.Version);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteText("cursor", state.Page.Next == 0
            ? null
            : PageCursors.Write(state.User, (state.Page.Next * LogLimits.LinesMax) + state.Page.Skip));
        json.WriteEndObject();
    }
}
