using System.ComponentModel.DataAnnotations;
using FaaS.Domain.Users;

namespace FaaS.Application.Db;

/// <summary>
/// The quotas of every user for whom an operator has set none, section <c>Quotas</c>. Read by the db module, which tells
/// the queue. 0 is no bound.
/// </summary>
public sealed class QuotaOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Quotas";

    /// <summary>Share of worker time relative to others while both have work.</summary>
    /// <value>1 to 100; default 1.</value>
    [Range(1, QuotaRanges.WeightMax)]
    public int Weight { get; set; } = 1;

    /// <summary>Functions a user has at a time.</summary>
    /// <value>0 (no bound) to 1,000,000; default 1,000.</value>
    [Range(0, QuotaRanges.FunctionsMax)]
    public int Functions { get; set; } = 1_000;

    /// <summary>Bytes of the current versions' sources.</summary>
    /// <value>0 (no bound) to 1 TiB; default 256 MiB.</value>
    [Range(0L, QuotaRanges.SourceBytesMax)]
    public long SourceBytes { get; set; } = 256L << 20;

    /// <summary>Jobs that wait, delayed ones and those between two attempts included.</summary>
    /// <value>0 (no bound) to 20,000,000; default 1,000,000.</value>
    [Range(0, QuotaRanges.QueuedJobsMax)]
    public int QueuedJobs { get; set; } = 1_000_000;

    /// <summary>Jobs that run at a time. The platform's own bound, all slots but one, holds too.</summary>
    /// <value>0 (no bound) to 1,000,000; default 0.</value>
    [Range(0, QuotaRanges.ConcurrentJobsMax)]
    public int ConcurrentJobs { get; set; }

    /// <summary>Submissions a second, on the average; a second's worth may come at once.</summary>
    /// <value>0 (no bound) to 1,000,000; default 0.</value>
    [Range(0, QuotaRanges.SubmissionsPerSecondMax)]
    public int SubmissionsPerSecond { get; set; }

    /// <summary>Executed wall-clock time in ms a day, of UTC.</summary>
    /// <value>0 (no bound) to 10^15; default 0.</value>
    [Range(0L, QuotaRanges.MsMax)]
    public long MsPerDay { get; set; }

    /// <summary>Executed wall-clock time in ms a month, of UTC.</summary>
    /// <value>0 (no bound) to 10^15; default 0.</value>
    [Range(0L, QuotaRanges.MsMax)]
    public long MsPerMonth { get; set; }

    /// <summary>Bytes of arguments, results and logs that are kept.</summary>
    /// <value>0 (no bound) to 64 TiB; default 0.</value>
    [Range(0L, QuotaRanges.StoredBytesMax)]
    public long StoredBytes { get; set; }

    /// <summary>All of them.</summary>
    public Quotas ToQuotas() => new()
    {
        Weight = Weight, Functions = Functions, SourceBytes = SourceBytes, QueuedJobs = QueuedJobs,
        ConcurrentJobs = ConcurrentJobs, SubmissionsPerSecond = SubmissionsPerSecond, MsPerDay = MsPerDay,
        MsPerMonth = MsPerMonth, StoredBytes = StoredBytes,
    };
}
