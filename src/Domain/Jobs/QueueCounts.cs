namespace FaaS.Domain.Jobs;

/// <summary>
/// What the queue holds and has done since its epoch began. Conservation: <c>Submitted + Restored = Delayed + Queued +
/// InFlight + Terminal</c>, where Submitted counts durable submissions only.
/// </summary>
/// <param name="Epoch">The queue's epoch.</param>
/// <param name="Delayed">Durable jobs that wait for their due time.</param>
/// <param name="Queued">Durable jobs that wait for a worker.</param>
/// <param name="InFlight">Jobs that are leased, or whose end is being committed.</param>
/// <param name="Submitted">Submissions acknowledged in this epoch.</param>
/// <param name="Restored">Jobs found unfinished when the epoch began, or adopted since.</param>
/// <param name="Terminal">Jobs that ended in this epoch.</param>
/// <param name="Leases">Leases granted in this epoch.</param>
/// <param name="StaleReports">Ends refused because their lease was not current.</param>
/// <param name="LostLeases">Leases that ran out.</param>
/// <param name="Workers">Workers heard of lately that take work: one that leaves does not.</param>
/// <param name="Capacity">Jobs those workers hold at most.</param>
/// <param name="StoreAvailable">Whether the last commit was answered.</param>
/// <param name="PendingRows">Rows that wait for a commit, those of the commit under way included.</param>
/// <param name="OldestQueuedMs">
/// For how long the job at the head of some function's backlog has waited at most, as of the last tick; 0 when nothing
/// is queued. Heads are the oldest of their function but for one case: a retried job that a worker gave back unstarted
/// stands by its sequence number, ahead of jobs that have waited longer, and then less is told than is true.
/// </param>
/// <param name="Slots">Jobs the workers run at a time.</param>
/// <param name="Arrived">
/// How often in this epoch a job became one that waits for a worker: submitted, due, restored or to be tried again. One
/// that a worker gave back did not arrive again.
/// </param>
/// <param name="Attempts">Attempts whose end was accepted from a worker in this epoch, however they ended.</param>
/// <param name="BusyMs">Wall time of those attempts, as reported, summed in ms: a mean is its growth by theirs.</param>
/// <param name="RunningMs">
/// For how long the attempts under way have held their slots, summed in ms, as of the last tick. Of a worker that holds
/// more leases than it has slots, the oldest are taken to run.
/// </param>
/// <param name="Held">
/// Of the queued, those that no further worker could take up: their users' quotas or budgets, or their functions'
/// concurrency, hold them back. <paramref name="OldestQueuedMs"/> leaves out users who are held back whole.
/// </param>
public readonly record struct QueueCounts(
    long Epoch, long Delayed, long Queued, long InFlight, long Submitted, long Restored, long Terminal,
    long Leases, long StaleReports, long LostLeases, int Workers, int Capacity, bool StoreAvailable,
    int PendingRows = 0, long OldestQueuedMs = 0, int Slots = 0, long Arrived = 0, long Attempts = 0,
    long BusyMs = 0, long RunningMs = 0, long Held = 0)
{
    /// <summary>Jobs that came and are nowhere; below zero, jobs that came from nowhere. Anything but 0 is a defect.</summary>
    public long Unaccounted => Submitted + Restored - Delayed - Queued - InFlight - Terminal;

    /// <summary>Whether nothing was lost and nothing came from nowhere.</summary>
    public bool IsConserved => Unaccounted == 0;
}

/// <summary>Where a job that has not ended stands.</summary>
/// <param name="Known">False when the queue does not hold it.</param>
/// <param name="State">Delayed, queued or running.</param>
/// <param name="Position">
/// Its place in the fair queue: jobs of all users that probably start before it, plus one; 0 unless queued.
/// </param>
/// <param name="EstimatedWait">How long until it probably starts; null unless queued and something is known.</param>
/// <param name="StartedAtMs">When its lease was granted, Unix ms; 0 unless running.</param>
/// <param name="Attempts">Attempts that ended before.</param>
public sealed record JobStanding(
    bool Known, JobState State, int Position, TimeSpan? EstimatedWait, long StartedAtMs, int Attempts);
