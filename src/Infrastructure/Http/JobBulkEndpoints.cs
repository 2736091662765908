using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Http;

/// <summary>
/// Many jobs at a time, by a filter: redriving, cancelling, deleting. A request does a bounded part and says where the next one
/// goes on. What it has done stays done, whatever stops it, and what is repeated changes nothing twice.
/// </summary>
internal sealed class JobBulkEndpoints(
    IMediator mediator, JobFinder finder, Redriver redriver, IOptions<HttpOptions> options, TimeProvider time)
{
    private const int LimitMax = 1_000;

    /// <summary>Pages that are looked at for one request: what few jobs fit is not looked for without end.</summary>
    private const int PagesMax = 10;

    private static readonly JobState[]
        Waiting = [JobState.Delayed, JobState.Queued, JobState.Running],
        Redrivable = [.. Enum.GetValues<JobState>().Where(state => state.IsRedrivable())],
        Ended = [.. Enum.GetValues<JobState>().Where(state => state.IsTerminal())];

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/u/{user}/jobs/redrive", RedriveAsync).Needs(Scopes.JobsSubmit);
        app.MapPost("/u/{user}/jobs/cancel", CancelAsync).Needs(Scopes.JobsCancel);
        app.MapDelete("/u/{user}/jobs", PurgeAsync).Needs(Scopes.JobsCancel);
    }

    private async Task CancelAsync(HttpContext http)
    {
        var filter = JobFilter.Of(http, LimitMax, LimitMax, Waiting);
        var done = filter.IsOk
            ? await RunAsync(filter.Value, filter.Value.State is null, jobs => RemoveAsync(jobs, deletes: false)).ConfigureAwait(false)
            : filter.Error;
        await AnswerAsync(http, filter, done, "cancelled").ConfigureAwait(false);
    }

    private async Task PurgeAsync(HttpContext http)
    {
        var filter = JobFilter.Of(http, LimitMax, LimitMax, Ended);
        if (filter is { IsOk: true, Value.State: null })
            filter = QueryTexts.Wrong("state", "", $"one of {string.Join(", ", Ended.Select(state => state.Word()))}: what is deleted does not come back");
        var done = filter.IsOk
            ? await RunAsync(filter.Value, false, jobs => RemoveAsync(jobs, deletes: true)).ConfigureAwait(false)
            : filter.Error;
        await AnswerAsync(http, filter, done, "deleted").ConfigureAwait(false);
    }

    private async Task RedriveAsync(HttpContext http)
    {
        var (filter, onCurrent) = (JobFilter.Of(http, JobLists.PageMax, JobLists.PageMax, Redrivable), RedriveEndpoints.OnCurrent(http));
        if (filter.IsOk && onCurrent.Error is { } wrong) filter = wrong;
        if (filter is { IsOk: true, Value.State: null }) filter = filter.Value with { State = JobState.DeadLettered };
        var redriven = new List<(JobId Job, JobId Of)>();
        var refused = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var done = filter.IsOk
            ? await RunAsync(filter.Value, false, async jobs =>
            {
                var answers = await redriver.RedriveAsync([.. jobs.Select(job => job.Record)], onCurrent.Value).ConfigureAwait(false);
                for (var at = 0; at < answers.Count; at++)
                {
                    if (answers[at].Error is not { } error) redriven.Add((answers[at].Value, jobs[at].Record.Id));
                    else if (Redriver.StopsAll(error)) return new Part(at, at, error);
                    else refused[error.Code.Word()] = refused.GetValueOrDefault(error.Code.Word()) + 1;
                }
                return new Part(answers.Count, answers.Count, null);
            }).ConfigureAwait(false)
            : filter.Error;
        if (done.IsOk) done = done.Value with { Count = redriven.Count };
        await AnswerAsync(http, filter, done, "redriven", json => WriteRedriven(json, redriven, refused)).ConfigureAwait(false);
    }

    private static void WriteRedriven(
        Utf8JsonWriter json, List<(JobId Job, JobId Of)> redriven, SortedDictionary<string, int> refused)
    {
        json.WriteStartArray("jobs"u8);
        foreach (var (job, of) in redriven)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, job.ToString());
            json.WriteString("redriveOf"u8, of.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("refused"u8);
        foreach (var (code, count) in refused) json.WriteNumber(code, count);
        json.WriteEndObject();
    }

    /// <summary>Does something with pages of jobs, until there are enough or no more.</summary>
    private async Task<Result<BulkDone>> RunAsync(JobFilter filter, bool unfinished, Func<IReadOnlyList<FoundJob>, Task<Part>> act)
    {
        var (looked, count, place) = (0, 0, filter.Place);
        for (var pages = 0; pages < PagesMax && looked < filter.Limit; pages++)
        {
            var page = await finder.FindAsync(
                filter with { Place = place, Limit = Math.Min(JobLists.PageMax, filter.Limit - looked) }, unfinished,
                CancellationToken.None).ConfigureAwait(false);
            if (!page.IsOk) return looked == 0 ? page.Error : new BulkDone(count, place, page.Error);
            var jobs = page.Value.Jobs;
            var part = jobs.Count == 0 ? new Part(0, 0, null) : await act(jobs).ConfigureAwait(false);
            (looked, count) = (looked + part.Through, count + part.Count);
            // The first that was not done is the first of the next request.
            if (part.Stopped is { } error)
                return looked + count == 0 ? error : new BulkDone(count, jobs[part.Through].Record.Sequence + 1, error);
            place = page.Value.Next;
            if (place == 0) break;
        }
        return new BulkDone(count, place, null);
    }

    private async Task<Part> RemoveAsync(IReadOnlyList<FoundJob> jobs, bool deletes)
    {
        try
        {
            var done = await mediator.Send(new CancelJobs([.. jobs.Select(job => job.Record.Id)], deletes), CancellationToken.None)
                .WaitAsync(options.Value.SubmitDeadline, time).ConfigureAwait(false);
            if (!done.IsOk) return new Part(0, 0, done.Error);
            return new Part(done.Value.Stopped is null ? jobs.Count : 0, done.Value.Removed, done.Value.Stopped);
        }
        catch (TimeoutException)
        {
            return new Part(0, 0, new Error(
                ErrorCode.OutcomeUnknown, "It is not known what became of some jobs; send the same request again.", 1));
        }
    }

    private static Task AnswerAsync(
        HttpContext http, Result<JobFilter> filter, Result<BulkDone> done, string counted, Action<Utf8JsonWriter>? more = null) =>
        done.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, (done.Value, filter.Value, counted, more), static (json, state) =>
            {
                var (all, asked, name, rest) = state;
                json.WriteStartObject("res"u8);
                json.WriteNumber(name, all.Count);
                rest?.Invoke(json);
                json.WriteText("stopped", all.Stopped?.Code.Word());
                json.WriteText("cursor", asked.Cursor(all.Place));
                json.WriteEndObject();
            })
            : Answers.Fail(http, done.Error);

    /// <summary>What was done with a page.</summary>
    /// <param name="Through">How many of its jobs are dealt with, from the first.</param>
    /// <param name="Count">How many of them something was done with.</param>
    /// <param name="Stopped">Why the others are not; null when all are.</param>
    private readonly record struct Part(int Through, int Count, Error? Stopped);

    /// <summary>What was done with a request.</summary>
    /// <param name="Count">Jobs that something was done with.</param>
    /// <param name="Place">Where the next request goes on; 0 when there is nothing left.</param>
    /// <param name="Stopped">Why it ended early; null when it did not.</param>
    private readonly record struct BulkDone(int Count, long Place, Error? Stopped);
}
