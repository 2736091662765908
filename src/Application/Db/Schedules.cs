using System.Text.Json;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Db;

/// <summary>Bounds of schedules.</summary>
public static class ScheduleLimits
{
    /// <summary>Schedules of a page.</summary>
    public const int PageMax = 100;

    /// <summary>Due schedules that the queue is told of at a time; their arguments are at most 1 MiB together.</summary>
    public const int DueMax = 64;

    /// <summary>Runs that <see cref="MissedRuns.All"/> makes up for at a time; those before them are left out.</summary>
    public const int CatchUpMax = 100;

    /// <summary>Bytes of a schedule's arguments: what may travel with a job.</summary>
    public const int ArgumentBytes = Body.InlineLimit;

    /// <summary>Characters of a cron expression, and of a time zone's name.</summary>
    public const int CronCharsMax = 256, ZoneCharsMax = 64;

    /// <summary>A run that is later than this was missed, milliseconds: the platform was away when it was due.</summary>
    public const int GraceMs = 60_000;
}

/// <summary>What becomes of runs that were due while the platform was away.</summary>
public enum MissedRuns
{
    /// <summary>The latest one is made up for.</summary>
    Latest = 0,

    /// <summary>None is.</summary>
    Skip = 1,

    /// <summary>Each is, up to <see cref="ScheduleLimits.CatchUpMax"/>.</summary>
    All = 2,
}

/// <summary>The words of <see cref="MissedRuns"/>, as clients write and read them.</summary>
public static class MissedRunWords
{
    /// <summary>The word: <c>latest</c>, <c>skip</c> or <c>all</c>.</summary>
    public static string Word(this MissedRuns missed) => missed switch
    {
        MissedRuns.Latest => "latest",
        MissedRuns.Skip => "skip",
        MissedRuns.All => "all",
        _ => throw new ArgumentOutOfRangeException(nameof(missed), missed, null),
    };

    /// <summary>What a word means; null for any other.</summary>
    public static MissedRuns? Read(string word) => word switch
    {
        "latest" => MissedRuns.Latest,
        "skip" => MissedRuns.Skip,
        "all" => MissedRuns.All,
        _ => null,
    };
}

/// <summary>When a function is to run, and with what.</summary>
/// <param name="Cron">Five fields (minute, hour, day of the month, month, day of the week), or <c>@daily</c> and the like.</param>
/// <param name="Zone">The time zone the expression is read in, by its name in the IANA database.</param>
/// <param name="Missed">What becomes of missed runs.</param>
/// <param name="Arguments">A JSON array in UTF-8.</param>
public sealed record ScheduleDefinition(string Cron, string Zone, MissedRuns Missed, byte[] Arguments)
{
    /// <summary>Whether it says the same.</summary>
    public bool IsLike(ScheduleDefinition other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (Cron, Zone, Missed) == (other.Cron, other.Zone, other.Missed) && Arguments.AsSpan().SequenceEqual(other.Arguments);
    }

    /// <summary>The text, JSON, that stores keep.</summary>
    public string ToText() => JsonSerializer.Serialize(this, DbJson.Default.ScheduleDefinition);

    /// <summary>From the text that <see cref="ToText"/> made.</summary>
    /// <exception cref="JsonException">It is not such a text.</exception>
    public static ScheduleDefinition Parse(string text) =>
        JsonSerializer.Deserialize(text, DbJson.Default.ScheduleDefinition) ?? throw new JsonException("A schedule is null.");
}

/// <summary>What a schedule last did.</summary>
/// <param name="DueAtMs">When the run was due, Unix ms.</param>
/// <param name="Job">The job; null when it was refused.</param>
/// <param name="Refusal">Why there is no job; null when there is one.</param>
public sealed record ScheduledRun(long DueAtMs, JobId? Job, string? Refusal)
{
    /// <summary>The text, JSON, that stores keep.</summary>
    public string ToText() => JsonSerializer.Serialize(this, DbJson.Default.ScheduledRun);

    /// <summary>From the text that <see cref="ToText"/> made; null for null.</summary>
    /// <exception cref="JsonException">It is not such a text.</exception>
    public static ScheduledRun? Parse(string? text) =>
        text is null ? null : JsonSerializer.Deserialize(text, DbJson.Default.ScheduledRun);
}

/// <summary>A function's schedule, as it is stored. There is one a function at most.</summary>
/// <param name="Of">The function.</param>
/// <param name="Revision">Grows with each change of the definition, from 1.</param>
/// <param name="Definition">When it runs, and with what.</param>
/// <param name="NextAtMs">The first run that is not made yet, Unix ms.</param>
/// <param name="Last">The last run that was made or refused; null before there was one.</param>
public sealed record Schedule(
    ConfiguredFunction Of, long Revision, ScheduleDefinition Definition, long NextAtMs, ScheduledRun? Last);

/// <summary>A page of a user's schedules, by the functions' names.</summary>
/// <param name="Schedules">The schedules.</param>
/// <param name="More">Whether there are some beyond the page.</param>
public sealed record SchedulePage(IReadOnlyList<Schedule> Schedules, bool More);

/// <summary>Runs of a schedule that are made, or refused for good.</summary>
/// <param name="FunctionId">Whose.</param>
/// <param name="Revision">The schedule's revision when they were looked for.</param>
/// <param name="DueAtMs">Its next run then, Unix ms: whoever finds another has nothing to note.</param>
/// <param name="NextAtMs">Its next run now, Unix ms.</param>
/// <param name="Last">The last of them; null where each was left out.</param>
public sealed record NotedRun(long FunctionId, long Revision, long DueAtMs, long NextAtMs, ScheduledRun? Last);

/// <summary>
/// Schedules of functions. One belongs to the function: deleting that, or closing its owner's generation, erases it.
/// </summary>
public interface IScheduleStore
{
    /// <summary>
    /// Sets a function's schedule. The same definition again changes nothing, the next run neither; so the call may be
    /// repeated.
    /// </summary>
    /// <param name="user">The owner's name.</param>
    /// <param name="function">The function's name.</param>
    /// <param name="definition">What it is to be.</param>
    /// <param name="nextAtMs">Its first run, Unix ms.</param>
    /// <param name="note">The entry of the audit log that is written with it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What stands now; or <see cref="ErrorCode.UserNotFound"/>, <see cref="ErrorCode.FunctionNotFound"/>.</returns>
    Task<Result<Schedule>> PutAsync(
        string user, string function, ScheduleDefinition definition, long nextAtMs, AuditNote note,
        CancellationToken cancellation);

    /// <summary>A function's schedule; null when it has none.</summary>
    /// <returns>Or <see cref="ErrorCode.UserNotFound"/>, <see cref="ErrorCode.FunctionNotFound"/>.</returns>
    Task<Result<Schedule?>> FindAsync(string user, string function, CancellationToken cancellation);

    /// <summary>Removes a function's schedule; whether there was one.</summary>
    Task<Result<bool>> DeleteAsync(string user, string function, AuditNote note, CancellationToken cancellation);

    /// <summary>A user's schedules, by the functions' names in the order of their bytes.</summary>
    /// <param name="user">The owner's name.</param>
    /// <param name="after">Exclusive; empty for the first page.</param>
    /// <param name="max">At most this many.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<SchedulePage>> ListAsync(string user, string after, int max, CancellationToken cancellation);

    /// <summary>Schedules of all users with a run that is due, in the order of those runs and of the functions' ids.</summary>
    /// <param name="nowMs">Due at this instant or before, Unix ms.</param>
    /// <param name="afterMs">Exclusive, with <paramref name="afterFunction"/>; 0 for the first page.</param>
    /// <param name="afterFunction">The id of the last page's last function.</param>
    /// <param name="max">At most this many.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<IReadOnlyList<Schedule>>> ListDueAsync(
        long nowMs, long afterMs, long afterFunction, int max, CancellationToken cancellation);

    /// <summary>Moves schedules on, each by one guarded write; one that was set anew, or moved on, meanwhile stays.</summary>
    /// <returns>How many were moved.</returns>
    Task<Result<int>> NoteAsync(IReadOnlyList<NotedRun> runs, CancellationToken cancellation);
}
