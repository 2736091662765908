namespace FaaS.Domain.Jobs;

/// <summary>The queue's clock reading, passed in with every input: the core itself has no clock.</summary>
/// <param name="WallMs">Unix time in ms: for due times, times to live and records.</param>
/// <param name="MonotonicMs">A clock that never jumps, in ms: for leases and waits.</param>
/// <param name="RestUs">Microseconds of that clock beyond the full millisecond, 0 to 999: only to measure spans.</param>
public readonly record struct QueueTime(long WallMs, long MonotonicMs, int RestUs = 0)
{
    /// <summary>The clock that never jumps, in microseconds.</summary>
    public long MonotonicUs => (MonotonicMs * 1000) + RestUs;
}

/// <summary>Takes the answer to one input, at most once. It must not call back into the queue.</summary>
/// <typeparam name="T">The answer's type.</typeparam>
public interface IReply<T>
{
    /// <summary>Delivers the answer.</summary>
    void Reply(Result<T> answer);
}

/// <summary>The rules the queue plays by. All times in ms unless the name says otherwise.</summary>
public sealed record QueueRules
{
    /// <summary>How long a lease lasts without renewal; default 10,000.</summary>
    public int LeaseMs { get; init; } = 10_000;

    /// <summary>
    /// A gap between two ticks longer than this means the queue itself stood still, and every lease is extended by it;
    /// default 1,000.
    /// </summary>
    public int TickGapMs { get; init; } = 1_000;

    /// <summary>
    /// How long a queue that found unfinished jobs at its start grants nothing, so that workers can claim what they run;
    /// default 2,000.
    /// </summary>
    public int AdoptionMs { get; init; } = 2_000;

    /// <summary>How long a cancelled running job waits for its worker's meter reading; default 1,000.</summary>
    public int CancelMs { get; init; } = 1_000;

    /// <summary>Crashed attempts that make a job poison; default 2.</summary>
    public int CrashLimit { get; init; } = 2;

    /// <summary>Lost workers that make a job poison; default 5.</summary>
    public int LossLimit { get; init; } = 5;

    /// <summary>Attempts a job gets when the platform fails; default 3.</summary>
    public int AttemptLimit { get; init; } = 3;

    /// <summary>The first retry's delay, doubled for each further one; default 1,000.</summary>
    public int BackoffMs { get; init; } = 1_000;

    /// <summary>The longest delay of a retry; default 60,000.</summary>
    public int MaxBackoffMs { get; init; } = 60_000;

    /// <summary>Rows in one commit at most; default 256.</summary>
    public int CommitRows { get; init; } = 256;

    /// <summary>Bytes of bodies in one commit at most, a single row excepted; default 1 MiB.</summary>
    public int CommitBytes { get; init; } = 1 << 20;

    /// <summary>Rows that may wait to be committed before submissions are refused; default 4,096.</summary>
    public int PendingRows { get; init; } = 4_096;

    /// <summary>Bytes that may wait to be committed before submissions are refused; default 32 MiB.</summary>
    public int PendingBytes { get; init; } = 32 << 20;

    /// <summary>Jobs the queue holds at most; default 5,000,000.</summary>
    public int MaxJobs { get; init; } = 5_000_000;

    /// <summary>Arguments kept at hand so that a lease can carry them: jobs at most; default 8,192.</summary>
    public int CachedArguments { get; init; } = 8_192;

    /// <summary>Arguments kept at hand: bytes at most; default 32 MiB.</summary>
    public int CachedArgumentBytes { get; init; } = 32 << 20;

    /// <summary>
    /// How far an owner that always has work may fall behind the others while it runs all it may, to be made up for
    /// afterwards: worker time by unit of weight, in microseconds; default 250,000.
    /// </summary>
    public int CreditUs { get; init; } = 250_000;

    /// <summary>What a function's run is taken to cost before one was measured, in microseconds; default 10,000.</summary>
    public int UnknownCostUs { get; init; } = 10_000;

    /// <summary>Functions whose runs are shorter than this may be prefetched, in microseconds; default 5,000.</summary>
    public int PrefetchUs { get; init; } = 5_000;

    /// <summary>The most an owner can be ahead of the others, in microseconds of worker time; default 1,000,000.</summary>
    public int DebtUs { get; init; } = 1_000_000;

    /// <summary>What a run that ended in a kill costs its owner on top, in microseconds; default 250,000.</summary>
    public int KillCostUs { get; init; } = 250_000;

    /// <summary>
    /// How far a run's reported time may lie beyond what the queue saw, or beyond the function's limit, before it is cut to
    /// that; default 1,000.
    /// </summary>
    public int UsageSlackMs { get; init; } = 1_000;

    /// <summary>A worker not heard of for this long no longer counts towards capacity; default 30,000.</summary>
    public int WorkerMs { get; init; } = 30_000;

    /// <summary>
    /// How long a worker whose connection broke has to be heard of over another one, before its leases are lost;
    /// default 1,000.
    /// </summary>
    public int ReconnectMs { get; init; } = 1_000;

    /// <summary>How long submissions are refused after the store failed, before one is let through again; default 1,000.</summary>
    public int StoreRetryMs { get; init; } = 1_000;
}
