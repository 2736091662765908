namespace FaaS.Domain.Users;

/// <summary>The bounds that quotas themselves have. The smallest is 0, no bound, but for the weight's 1.</summary>
public static class QuotaRanges
{
    /// <summary>The largest weight.</summary>
    public const int WeightMax = 100;

    /// <summary>The most functions, running jobs, or submissions a second.</summary>
    public const int FunctionsMax = 1_000_000, ConcurrentJobsMax = 1_000_000, SubmissionsPerSecondMax = 1_000_000;

    /// <summary>The most waiting jobs: what a queue holds.</summary>
    public const int QueuedJobsMax = 20_000_000;

    /// <summary>The most bytes of sources (1 TiB), and of what is kept (64 TiB).</summary>
    public const long SourceBytesMax = 1L << 40, StoredBytesMax = 1L << 46;

    /// <summary>The largest budget in ms, 31,000 years: exact in a double, which is what many clients read numbers as.</summary>
    public const long MsMax = 1_000_000_000_000_000;
}

/// <summary>One quota: the name that clients and errors call it by, what it may be, and where its value is.</summary>
public sealed class Quota
{
    private readonly Func<Quotas, long> _inForce;
    private readonly Func<QuotaOverrides, long?> _own;
    private readonly Func<QuotaOverrides, long?, QuotaOverrides> _with;

    private Quota(
        string name, long min, long max, Func<Quotas, long> inForce, Func<QuotaOverrides, long?> own,
        Func<QuotaOverrides, long?, QuotaOverrides> with)
    {
        (Name, Min, Max) = (name, min, max);
        (_inForce, _own, _with) = (inForce, own, with);
    }

    /// <summary>Every quota.</summary>
    public static IReadOnlyList<Quota> All { get; } =
    [
        new("weight", 1, QuotaRanges.WeightMax,
            quotas => quotas.Weight, own => own.Weight, (own, value) => own with { Weight = (int?)value }),
        new("functions", 0, QuotaRanges.FunctionsMax,
            quotas => quotas.Functions, own => own.Functions, (own, value) => own with { Functions = (int?)value }),
        new("sourceBytes", 0, QuotaRanges.SourceBytesMax,
            quotas => quotas.SourceBytes, own => own.SourceBytes, (own, value) => own with { SourceBytes = value }),
        new("queuedJobs", 0, QuotaRanges.QueuedJobsMax,
            quotas => quotas.QueuedJobs, own => own.QueuedJobs, (own, value) => own with { QueuedJobs = (int?)value }),
        new("concurrentJobs", 0, QuotaRanges.ConcurrentJobsMax,
            quotas => quotas.ConcurrentJobs, own => own.ConcurrentJobs,
            (own, value) => own with { ConcurrentJobs = (int?)value }),
        new("submissionsPerSecond", 0, QuotaRanges.SubmissionsPerSecondMax,
            quotas => quotas.SubmissionsPerSecond, own => own.SubmissionsPerSecond,
            (own, value) => own with { SubmissionsPerSecond = (int?)value }),
        new("msPerDay", 0, QuotaRanges.MsMax,
            quotas => quotas.MsPerDay, own => own.MsPerDay, (own, value) => own with { MsPerDay = value }),
        new("msPerMonth", 0, QuotaRanges.MsMax,
            quotas => quotas.MsPerMonth, own => own.MsPerMonth, (own, value) => own with { MsPerMonth = value }),
        new("storedBytes", 0, QuotaRanges.StoredBytesMax,
            quotas => quotas.StoredBytes, own => own.StoredBytes, (own, value) => own with { StoredBytes = value }),
    ];

    /// <summary>Its name, such as <c>queuedJobs</c>.</summary>
    public string Name { get; }

    /// <summary>The smallest value; 0 is no bound.</summary>
    public long Min { get; }

    /// <summary>The largest value.</summary>
    public long Max { get; }

    /// <summary>The quota of a name; null when there is none.</summary>
    public static Quota? Find(string name) => All.FirstOrDefault(quota => quota.Name == name);

    /// <summary>Its value among quotas in force.</summary>
    public long Of(Quotas quotas) => _inForce(quotas);

    /// <summary>Its value among a user's own; null for the default.</summary>
    public long? Of(QuotaOverrides own) => _own(own);

    /// <summary>The same overrides with another value of it.</summary>
    /// <param name="own">The others.</param>
    /// <param name="value">Within its range; null for the default.</param>
    public QuotaOverrides Set(QuotaOverrides own, long? value) => _with(own, value);

    /// <summary>Whether it may have the value.</summary>
    public bool Allows(long value) => value >= Min && value <= Max;
}
