using Cronos;
using FaaS.Domain;

namespace FaaS.Application.Db;

/// <summary>
/// The instants of a schedule. Across a change of the clocks Cronos keeps to what people expect: a run at a fixed hour
/// that does not exist on that day comes right after the gap, one at an hour that comes twice runs once, and one at an
/// interval keeps the interval.
/// </summary>
internal sealed class ScheduleTimes
{
    private readonly CronExpression _cron;
    private readonly TimeZoneInfo _zone;

    private ScheduleTimes(CronExpression cron, TimeZoneInfo zone) => (_cron, _zone) = (cron, zone);

    /// <summary>Reads an expression and the name of a time zone.</summary>
    /// <returns>Or <see cref="ErrorCode.BadRequest"/>, with what is wrong and what is allowed.</returns>
    public static Result<ScheduleTimes> Parse(string cron, string zone)
    {
        if (!CronExpression.TryParse(cron, out var expression))
            return new Error(
                ErrorCode.BadRequest,
                $"The cron expression '{cron}' is malformed. Write five fields (minute, hour, day of the month, month, day of the "
                + "week), for example '*/5 * * * *', or one of @hourly, @daily, @weekly, @monthly, @yearly.");
        // By its name in the IANA database alone, so that it means the same on every machine.
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) || !found.HasIanaId)
            return new Error(
                ErrorCode.BadRequest,
                $"There is no time zone '{zone}' here. Write a name of the IANA database, for example 'Europe/Madrid', or 'UTC'.");
        return new ScheduleTimes(expression, found);
    }

    /// <summary>The first instant after another, Unix ms; null when there is none any more.</summary>
    public long? NextAfter(long ms) =>
        _cron.GetNextOccurrence(DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime, _zone) is { } next
            ? new DateTimeOffset(next, TimeSpan.Zero).ToUnixTimeMilliseconds()
            : null;

    /// <summary>Which runs are to be made now, and when the next one is due.</summary>
    /// <param name="firstMs">The first run that was not made yet, Unix ms.</param>
    /// <param name="nowMs">Now, Unix ms.</param>
    /// <param name="missed">What becomes of those that were missed.</param>
    public (IReadOnlyList<long> Runs, long NextMs) Due(long firstMs, long nowMs, MissedRuns missed)
    {
        var runs = new Queue<long>();
        long? at = firstMs;
        for (; at <= nowMs; at = NextAfter(at.Value))
        {
            if (missed == MissedRuns.Skip && nowMs - at.Value > ScheduleLimits.GraceMs) continue;
            runs.Enqueue(at.Value);
            if (runs.Count > (missed == MissedRuns.Latest ? 1 : ScheduleLimits.CatchUpMax)) runs.Dequeue();
        }
        return ([.. runs], at ?? long.MaxValue);
    }
}
