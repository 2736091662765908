namespace FaaS.Domain.Jobs;

/// <summary>
/// Proof of holding a lease: the epoch of the queue that granted it, a number that increases within the epoch, and a
/// seal that nobody can make up. Of two tokens for one job the larger is the later grant.
/// </summary>
/// <param name="Epoch">The granting queue's epoch.</param>
/// <param name="Number">The grant's number within the epoch, from 1.</param>
/// <param name="Seal">What <see cref="LeaseSealer"/> makes of the job, the epoch and the number.</param>
public readonly record struct LeaseToken(long Epoch, long Number, UInt128 Seal) : IComparable<LeaseToken>
{
    /// <inheritdoc/>
    public int CompareTo(LeaseToken other)
    {
        var epoch = Epoch.CompareTo(other.Epoch);
        return epoch != 0 ? epoch : Number.CompareTo(other.Number);
    }

    /// <summary>Order of grants.</summary>
    public static bool operator <(LeaseToken left, LeaseToken right) => left.CompareTo(right) < 0;

    /// <summary>Order of grants.</summary>
    public static bool operator >(LeaseToken left, LeaseToken right) => left.CompareTo(right) > 0;

    /// <summary>Order of grants.</summary>
    public static bool operator <=(LeaseToken left, LeaseToken right) => left.CompareTo(right) <= 0;

    /// <summary>Order of grants.</summary>
    public static bool operator >=(LeaseToken left, LeaseToken right) => left.CompareTo(right) >= 0;
}

/// <summary>A lease as its worker sees it.</summary>
/// <param name="Job">The job.</param>
/// <param name="Token">The proof.</param>
/// <param name="Started">Whether the function has been handed to a sandbox.</param>
public readonly record struct HeldLease(JobId Job, LeaseToken Token, bool Started);

/// <summary>A job handed to a worker.</summary>
/// <param name="Job">The job.</param>
/// <param name="Token">The proof to be given back with the attempt's end.</param>
/// <param name="Attempt">The attempt's number, from 1.</param>
/// <param name="Binding">The version to run, and its limits.</param>
/// <param name="Arguments">The arguments' bytes; null when the worker is to read them from Db by the job's id.</param>
public sealed record LeasedJob(
    JobId Job, LeaseToken Token, int Attempt, FunctionBinding Binding, byte[]? Arguments);

/// <summary>The end of an attempt, as its worker reports it.</summary>
/// <param name="Job">The job.</param>
/// <param name="Token">The lease it ran under.</param>
/// <param name="End">How it ended.</param>
public sealed record AttemptReport(JobId Job, LeaseToken Token, AttemptEnd End);
