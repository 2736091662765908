using System.Text.Json;
using FaaS.Domain;
using FaaS.Domain.Users;

namespace FaaS.Application.Db;

/// <summary>One quota and what it is to be.</summary>
/// <param name="Quota">Its name, such as <c>queuedJobs</c>.</param>
/// <param name="Value">Its value; null for the default.</param>
public sealed record QuotaChange(string Quota, long? Value);

/// <summary>What is wrong with quotas that are to be set, in sentences for people.</summary>
public static class QuotaMessages
{
    /// <summary>There is no quota of this name.</summary>
    public static string NoQuota(string name) =>
        $"There is no quota '{name}'; the quotas are {string.Join(", ", Quota.All.Select(quota => quota.Name))}.";

    /// <summary>A quota may not have the value.</summary>
    public static string OutOfRange(Quota quota)
    {
        ArgumentNullException.ThrowIfNull(quota);
        var without = quota.Min == 0 ? " (0 is no bound)" : "";
        return $"{quota.Name} must be a whole number from {quota.Min} to {quota.Max}{without}, or null for the default.";
    }
}

/// <summary>What an operator has set for a name.</summary>
/// <param name="User">The name; whether a user has it does not matter.</param>
/// <param name="Revision">Grows with each change; 0 while nothing was ever set.</param>
/// <param name="Overrides">What was set last, all of it; none after it was taken back.</param>
public sealed record OwnQuotas(string User, long Revision, QuotaOverrides Overrides)
{
    /// <summary>From the text that <see cref="ToText"/> made; what is missing in it is the default.</summary>
    /// <exception cref="JsonException">It is not such a text.</exception>
    public static OwnQuotas Parse(string user, long revision, string text) =>
        new(user, revision, JsonSerializer.Deserialize(text, DbJson.Default.QuotaOverrides) ?? QuotaOverrides.None);

    /// <summary>The same with some changed; itself where that changes nothing.</summary>
    public OwnQuotas With(IReadOnlyList<QuotaChange> changes)
    {
        var changed = changes.Aggregate(
            Overrides, (own, change) => Quota.Find(change.Quota)?.Set(own, change.Value) ?? own);
        return changed == Overrides ? this : new OwnQuotas(User, Revision + 1, changed);
    }

    /// <summary>The text, JSON, that stores keep of overrides: nothing of it is looked for.</summary>
    public static string ToText(QuotaOverrides overrides) =>
        JsonSerializer.Serialize(overrides, DbJson.Default.QuotaOverrides);
}

/// <summary>What users were given beside the defaults. It belongs to the name and outlives the user.</summary>
public interface IQuotaStore
{
    /// <summary>
    /// Sets some of a name's quotas; the others stay as they are, whoever else changes some at the same instant. Where
    /// nothing changes the revision stays, so the call may be repeated.
    /// </summary>
    /// <param name="user">The name.</param>
    /// <param name="changes">Quotas there are, with values they may have.</param>
    /// <param name="note">The entry of the audit log that is written with it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>
    /// What stands now; or <see cref="ErrorCode.NotDurable"/>, <see cref="ErrorCode.OutcomeUnknown"/>.
    /// </returns>
    Task<Result<OwnQuotas>> ChangeAsync(
        string user, IReadOnlyList<QuotaChange> changes, AuditNote note, CancellationToken cancellation);

    /// <summary>What was set for a name; revision 0 when nothing was.</summary>
    Task<Result<OwnQuotas>> FindAsync(string user, CancellationToken cancellation);

    /// <summary>A page of what was ever set, in an order that is the store's own.</summary>
    /// <param name="after">Exclusive: the last name of the page before; empty for the first page.</param>
    /// <param name="max">At most this many; fewer only on the last page.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<IReadOnlyList<OwnQuotas>>> ListAsync(string after, int max, CancellationToken cancellation);
}

/// <summary>Executed time in microseconds.</summary>
/// <param name="DayUs">In one day.</param>
/// <param name="MonthUs">In that day's month.</param>
public readonly record struct ExecutedTime(long DayUs, long MonthUs);

/// <summary>What a user's functions are.</summary>
/// <param name="Functions">How many it has.</param>
/// <param name="SourceBytes">Bytes of their current versions' sources.</param>
public readonly record struct FunctionHoldings(int Functions, long SourceBytes);

/// <summary>
/// What is used of quotas, by name, over all generations of it. Sums over all names are read beside the commits: they
/// may take a second, and nothing waits for them.
/// </summary>
public interface IUsageStore
{
    /// <summary>The time a name's billed attempts ran.</summary>
    /// <param name="user">The name.</param>
    /// <param name="day">The day, in days since 1970-01-01, UTC.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<ExecutedTime>> SumTimeAsync(string user, long day, CancellationToken cancellation);

    /// <summary>The same of every name that was billed something in the day's month.</summary>
    Task<Result<IReadOnlyDictionary<string, ExecutedTime>>> SumTimesAsync(long day, CancellationToken cancellation);

    /// <summary>
    /// Bytes of the arguments, results and logs of jobs that are kept, of every name that has some. A large body counts
    /// for each job that refers to it.
    /// </summary>
    Task<Result<IReadOnlyDictionary<string, long>>> SumStoredBytesAsync(CancellationToken cancellation);

    /// <summary>What the open generation has; <see cref="ErrorCode.UserNotFound"/> without one.</summary>
    Task<Result<FunctionHoldings>> SumFunctionsAsync(string user, CancellationToken cancellation);

    /// <summary>
    /// A page of the open generation's ledger, summed; the sum of it all is <see cref="IUserStore.SumWallTimeAsync"/>.
    /// <see cref="ErrorCode.UserNotFound"/> without a generation.
    /// </summary>
    Task<Result<UsagePage>> ListAsync(UsageQuery query, CancellationToken cancellation);
}

/// <summary>Days and months, as budgets have them.</summary>
public static class Days
{
    /// <summary>Milliseconds of a day.</summary>
    public const long Ms = 24L * 60 * 60 * 1000;

    /// <summary>A time's day, in days since 1970-01-01, UTC.</summary>
    public static long Of(DateTimeOffset time) => (long)Math.Floor((time - DateTimeOffset.UnixEpoch).TotalDays);

    /// <summary>The first and the last day of a day's month.</summary>
    public static (long First, long Last) Month(long day)
    {
        var date = DateTimeOffset.UnixEpoch.AddDays(day);
        var first = new DateTimeOffset(date.Year, date.Month, 1, 0, 0, 0, TimeSpan.Zero);
        return (Of(first), Of(first.AddMonths(1)) - 1);
    }
}
