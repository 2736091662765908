namespace FaaS.Domain.Users;

/// <summary>
/// What one user may have and use. They hold for the name, whatever generation of it: who registers anew does not start
/// anew. 0 is no bound, except for the weight.
/// </summary>
public sealed record Quotas
{
    /// <summary>No bounds, and an equal share.</summary>
    public static Quotas Unbounded { get; } = new();

    /// <summary>Share of worker time relative to others while both have work; 1 to 100.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Functions at a time.</summary>
    public int Functions { get; init; }

    /// <summary>Bytes of the current versions' sources.</summary>
    public long SourceBytes { get; init; }

    /// <summary>Jobs that wait, delayed ones and those between two attempts included.</summary>
    public int QueuedJobs { get; init; }

    /// <summary>Jobs that run at a time; what is beyond it waits. The platform's own bound, all slots but one, holds too.</summary>
    public int ConcurrentJobs { get; init; }

    /// <summary>Submissions a second, on the average: a second's worth may come at once.</summary>
    public int SubmissionsPerSecond { get; init; }

    /// <summary>Executed wall-clock time in ms a day, of UTC.</summary>
    public long MsPerDay { get; init; }

    /// <summary>Executed wall-clock time in ms a month, of UTC.</summary>
    public long MsPerMonth { get; init; }

    /// <summary>Bytes of arguments, results and logs that are kept.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Whether there is a bound on executed time.</summary>
    public bool HasBudget => MsPerDay > 0 || MsPerMonth > 0;
}

/// <summary>Executed time of a user's billed attempts, whatever generation they belong to.</summary>
/// <param name="Day">The day it is of, in days since 1970-01-01, UTC.</param>
/// <param name="DayUs">In that day, in microseconds.</param>
/// <param name="MonthUs">In that day's month, in microseconds.</param>
public readonly record struct UsedTime(long Day, long DayUs, long MonthUs);

/// <summary>What a user has with the queue.</summary>
/// <param name="Waiting">Jobs that wait, delayed ones and submissions being stored included.</param>
/// <param name="Running">Jobs that workers hold.</param>
public readonly record struct UserStanding(int Waiting, int Running);

/// <summary>What the queue has to know about a user to admit and grant jobs.</summary>
/// <param name="User">The user's name.</param>
/// <param name="Revision">Grows with each change of this user's quotas; 0 while they are the defaults.</param>
/// <param name="Quotas">The quotas in force.</param>
/// <param name="Used">What was used, as the ledger had it; null where no budget makes it matter.</param>
/// <param name="StoredBytes">What is kept, as it was last counted; null where no quota makes it matter.</param>
public sealed record UserTerms(string User, long Revision, Quotas Quotas, UsedTime? Used, long? StoredBytes);
