namespace FaaS.Domain.Users;

/// <summary>What an operator has set for one user; null is the platform's default. See <see cref="Quotas"/>.</summary>
/// <param name="Weight">Share of worker time.</param>
/// <param name="Functions">Functions at a time.</param>
/// <param name="SourceBytes">Bytes of sources.</param>
/// <param name="QueuedJobs">Jobs that wait.</param>
/// <param name="ConcurrentJobs">Jobs that run at a time.</param>
/// <param name="SubmissionsPerSecond">Submissions a second.</param>
/// <param name="MsPerDay">Executed ms a day.</param>
/// <param name="MsPerMonth">Executed ms a month.</param>
/// <param name="StoredBytes">Bytes that are kept.</param>
public sealed record QuotaOverrides(
    int? Weight = null, int? Functions = null, long? SourceBytes = null, int? QueuedJobs = null,
    int? ConcurrentJobs = null, int? SubmissionsPerSecond = null, long? MsPerDay = null, long? MsPerMonth = null,
    long? StoredBytes = null)
{
    /// <summary>Nothing of the user's own.</summary>
    public static QuotaOverrides None { get; } = new();

    /// <summary>The quotas in force.</summary>
    /// <param name="defaults">Those of everybody who has none.</param>
    public Quotas Over(Quotas defaults) => new()
    {
        Weight = Weight ?? defaults.Weight,
        Functions = Functions ?? defaults.Functions,
        SourceBytes = SourceBytes ?? defaults.SourceBytes,
        QueuedJobs = QueuedJobs ?? defaults.QueuedJobs,
        ConcurrentJobs = ConcurrentJobs ?? defaults.ConcurrentJobs,
        SubmissionsPerSecond = SubmissionsPerSecond ?? defaults.SubmissionsPerSecond,
        MsPerDay = MsPerDay ?? defaults.MsPerDay,
        MsPerMonth = MsPerMonth ?? defaults.MsPerMonth,
        StoredBytes = StoredBytes ?? defaults.StoredBytes,
    };
}
