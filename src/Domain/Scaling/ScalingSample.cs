using FaaS.Domain.Jobs;

namespace FaaS.Domain.Scaling;

/// <summary>
/// What was known at one moment: the queue's counters and the fleet's workers. Counters grow from 0 within an epoch;
/// two samples of one epoch give rates, two of different epochs give none.
/// </summary>
/// <param name="At">When the queue was asked.</param>
/// <param name="Workers">Workers that run, those that drain left out: as the fleet says, which starts and stops them.</param>
/// <param name="Starting">Workers that were asked for and do not take jobs yet.</param>
/// <param name="Epoch">The queue's epoch.</param>
/// <param name="Queued">Jobs that wait for a worker; not those that quotas hold back, for which more workers do nothing.</param>
/// <param name="InFlight">Jobs that are leased or whose end is being stored.</param>
/// <param name="OldestQueuedMs">For how long the longest waiting one has waited, in ms.</param>
/// <param name="ReadyWorkers">Workers that the queue hears of.</param>
/// <param name="Slots">Jobs those workers run at a time.</param>
/// <param name="Arrived">Counter: jobs that came to wait for a worker.</param>
/// <param name="Attempts">Counter: attempts that ended.</param>
/// <param name="BusyMs">Counter: wall time of those attempts, in ms.</param>
/// <param name="RunningMs">For how long the attempts under way have held their slots, summed, in ms.</param>
/// <param name="StoreAvailable">Whether the queue can store anything; while it cannot it grants nothing.</param>
public sealed record ScalingSample(
    DateTimeOffset At, int Workers, int Starting, long Epoch, long Queued, long InFlight, long OldestQueuedMs,
    int ReadyWorkers, int Slots, long Arrived, long Attempts, long BusyMs, long RunningMs, bool StoreAvailable = true)
{
    /// <summary>Workers there are or will be shortly: one being started counts, or each tick would ask for it again.</summary>
    public int Present => (int)Math.Min(int.MaxValue, Math.Max(0, (long)Workers + Starting));

    /// <summary>Puts together what the queue and the fleet say.</summary>
    public static ScalingSample Of(QueueCounts counts, int workers, int starting, DateTimeOffset at) => new(
        at, workers, starting, counts.Epoch, counts.Queued - counts.Held, counts.InFlight, counts.OldestQueuedMs, counts.Workers,
        counts.Slots, counts.Arrived, counts.Attempts, counts.BusyMs, counts.RunningMs, counts.StoreAvailable);
}
