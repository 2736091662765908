using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Db;

/// <summary>Which of a user's jobs are looked for.</summary>
/// <param name="User">The owner; of its open generation only.</param>
/// <param name="Function">Only of this function, deleted or not; null for all.</param>
/// <param name="State">Only in this state, which is not <see cref="JobState.Running"/>: the store does not know it; null for any.</param>
/// <param name="Unfinished">Only those that have not ended.</param>
/// <param name="FromMs">Only submitted at or after this instant, Unix ms; 0 for no bound.</param>
/// <param name="ToMs">Only submitted before this instant, Unix ms; 0 for no bound.</param>
/// <param name="Before">Only of a smaller sequence number: where the page before ended; 0 for the newest.</param>
/// <param name="Max">At most so many, 1 to <see cref="JobLists.PageMax"/>.</param>
/// <param name="Ids">Only these, at most <see cref="JobLists.PageMax"/>; null for no bound.</param>
public sealed record JobQuery(
    string User, string? Function, JobState? State, bool Unfinished, long FromMs, long ToMs, long Before, int Max,
    IReadOnlyList<JobId>? Ids = null);

/// <summary>A page of jobs, the newest first.</summary>
/// <param name="Jobs">Their records, without results, logs and stacks.</param>
/// <param name="Next">
/// Where the next page begins: its <see cref="JobQuery.Before"/>; 0 when there is none. A page may have fewer jobs than were
/// asked for, or none, and a next one: no more than <see cref="JobLists.LookMax"/> are looked at for one.
/// </param>
public sealed record JobPage(IReadOnlyList<JobRecord> Jobs, long Next);

/// <summary>Bounds of lists of jobs.</summary>
public static class JobLists
{
    /// <summary>Jobs on a page.</summary>
    public const int PageMax = 200;

    /// <summary>Jobs that are looked at for a page, so that one that few jobs fit costs no more than any other.</summary>
    public const int LookMax = 10_000;

    /// <summary>
    /// By how much the clocks of frontends, which say when a job was submitted, may be off from each other. The order is the
    /// queue's, so a list by time goes on for so long beyond its bounds.
    /// </summary>
    public const long ClockSlackMs = 15 * 60 * 1000;
}

/// <summary>
/// Finding jobs again. The order is that of their sequence numbers, which never change: what is submitted, ends or is deleted
/// between two pages moves no other job from one to the other.
/// </summary>
public interface IJobLists
{
    /// <summary>
    /// A page, by an index and never by passing over other users' jobs; <see cref="ErrorCode.UserNotFound"/>, and
    /// <see cref="ErrorCode.FunctionNotFound"/> for a name the user never had a function of. Deleted jobs are not in it.
    /// </summary>
    Task<Result<JobPage>> ListAsync(JobQuery query, CancellationToken cancellation);

    /// <summary>The same of those that have ended and written something, with what they wrote.</summary>
    /// <param name="query">Which jobs.</param>
    /// <param name="maxBytes">After so many bytes of log lines the page ends, with one job at least.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<LoggedJobs>> ReadLogsAsync(JobQuery query, int maxBytes, CancellationToken cancellation);
}

/// <summary>A job and what it wrote.</summary>
/// <param name="Job">Its record, without result, error and logs.</param>
/// <param name="Logs">A JSON array of <c>{at, level, text}</c> in UTF-8.</param>
public sealed record LoggedJob(JobRecord Job, byte[] Logs);

/// <summary>A page of jobs that wrote something, the newest first.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="Next">Where the next page begins, as in <see cref="JobPage"/>.</param>
public sealed record LoggedJobs(IReadOnlyList<LoggedJob> Jobs, long Next);

/// <summary>Finds out where in the order of all jobs a time is.</summary>
public static class JobTimes
{
    /// <summary>
    /// A sequence number that all jobs submitted before an instant are below: few probes of an order that is all but that of
    /// time, instead of passing over everything that is newer.
    /// </summary>
    /// <param name="beforeMs">The instant, Unix ms.</param>
    /// <param name="below">An upper bound, exclusive.</param>
    /// <param name="firstFrom">
    /// When the first job of at least a sequence number was submitted, Unix ms; null when there is none.
    /// </param>
    public static async ValueTask<long> FindAsync(long beforeMs, long below, Func<long, ValueTask<long?>> firstFrom)
    {
        ArgumentNullException.ThrowIfNull(firstFrom);
        // Twice: the probe's clock may be as far ahead as the wanted job's is behind.
        var latest = beforeMs + (2 * JobLists.ClockSlackMs);
        var (low, high) = (1L, below);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await firstFrom(middle).ConfigureAwait(false) is { } submitted && submitted < latest) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
