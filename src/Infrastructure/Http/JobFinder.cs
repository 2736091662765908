using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Infrastructure.Http;

/// <summary>A job of a list.</summary>
/// <param name="Record">What the store knows.</param>
/// <param name="Standing">What the queue knows; null of what has ended, or when the queue does not answer.</param>
internal sealed record FoundJob(JobRecord Record, JobStanding? Standing)
{
    /// <summary>Where its life stands.</summary>
    public JobState State => Standing?.State ?? Record.State;
}

/// <summary>A page of them.</summary>
/// <param name="Jobs">The newest first.</param>
/// <param name="Next">Where the next page begins; 0 when there is none.</param>
internal sealed record FoundJobs(IReadOnlyList<FoundJob> Jobs, long Next);

/// <summary>
/// Finds a user's jobs. The store knows all of them, but not which of them run: those the queue is asked for, and without it
/// they look as if they waited.
/// </summary>
internal sealed class JobFinder(IMediator mediator)
{
    /// <summary>A page.</summary>
    /// <param name="filter">Which jobs.</param>
    /// <param name="unfinished">Only those that have not ended.</param>
    /// <param name="cancellation">The client went away.</param>
    public async Task<Result<FoundJobs>> FindAsync(JobFilter filter, bool unfinished, CancellationToken cancellation)
    {
        var query = new JobQuery(
            filter.User, filter.Function, filter.State, unfinished, filter.FromMs, filter.ToMs, filter.Place, filter.Limit);
        if (filter.State == JobState.Running) return await FindRunningAsync(query, cancellation).ConfigureAwait(false);
        var page = await mediator.Send(new ListJobs(query), cancellation).ConfigureAwait(false);
        if (!page.IsOk) return page.Error;
        var jobs = await DescribeAsync(filter.User, page.Value.Jobs, cancellation).ConfigureAwait(false);
        // What the store has as waiting may run by now, or have ended.
        return new FoundJobs(
            filter.State is { } state && !state.IsTerminal() ? [.. jobs.Where(job => job.State == state)] : jobs, page.Value.Next);
    }

    private async Task<Result<FoundJobs>> FindRunningAsync(JobQuery query, CancellationToken cancellation)
    {
        var running = await mediator.Send(
            new ListRunning(query.User, query.Function, query.Before, query.Max), cancellation).ConfigureAwait(false);
        if (!running.IsOk) return running.Error;
        var found = running.Value.Jobs;
        // Where nothing runs the names are still to be right.
        var page = await mediator.Send(
            new ListJobs(query with
            {
                State = null, Unfinished = true, Max = found.Count == 0 ? 1 : query.Max,
                Ids = found.Count == 0 ? null : [.. found.Select(job => job.Id)],
            }),
            cancellation).ConfigureAwait(false);
        if (!page.IsOk) return page.Error;
        if (found.Count == 0) return new FoundJobs([], 0);
        var jobs = await DescribeAsync(query.User, page.Value.Jobs, cancellation).ConfigureAwait(false);
        return new FoundJobs(
            [.. jobs.Where(job => job.State == JobState.Running)], running.Value.More ? found[^1].Sequence : 0);
    }

    private async Task<IReadOnlyList<FoundJob>> DescribeAsync(
        string user, IReadOnlyList<JobRecord> records, CancellationToken cancellation)
    {
        JobId[] waiting = [.. records.Where(job => !job.State.IsTerminal()).Select(job => job.Id)];
        var standings = new Dictionary<JobId, JobStanding>();
        var ended = new Dictionary<JobId, JobRecord>();
        var described = waiting.Length > 0
            ? await mediator.Send(new DescribeJobs(waiting), cancellation).ConfigureAwait(false)
            : new DescribedJobs([]);
        if (described.IsOk)
        {
            for (var at = 0; at < waiting.Length; at++)
                if (described.Value.Jobs[at].Known) standings[waiting[at]] = described.Value.Jobs[at];
            // What the queue holds no more has ended since the store was asked.
            JobId[] gone = [.. waiting.Where(id => !standings.ContainsKey(id))];
            if (gone.Length > 0) ended = await ReadAgainAsync(user, gone, cancellation).ConfigureAwait(false);
        }
        return [.. records.Select(job => new FoundJob(ended.GetValueOrDefault(job.Id, job), standings.GetValueOrDefault(job.Id)))];
    }

    private async Task<Dictionary<JobId, JobRecord>> ReadAgainAsync(string user, JobId[] ids, CancellationToken cancellation)
    {
        var page = await mediator.Send(
            new ListJobs(new JobQuery(user, null, null, false, 0, 0, 0, ids.Length, ids)), cancellation).ConfigureAwait(false);
        return page.IsOk ? page.Value.Jobs.ToDictionary(job => job.Id) : [];
    }
}
