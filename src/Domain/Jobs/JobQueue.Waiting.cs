namespace FaaS.Domain.Jobs;

/// <content>Those who wait for a job's end, and those who want it ended.</content>
public sealed partial class JobQueue
{
    private readonly PriorityQueue<JobWait, (long UntilMs, long Number)> _waits = new();
    private long _nextWait;
    private int _answeredWaits;
    private int _sweepSlots;
    private int _sweepLeft;
    private int _sweepAt;

    /// <summary>
    /// Waits for a job's end: answered when it is durable, or with what is known when the wait is over. A job the
    /// queue does not hold is answered at once.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="untilMs">When the wait is over, on the monotonic clock.</param>
    /// <param name="reply">Takes the end: null when it has not ended; an error <see cref="ErrorCode.JobNotFound"/> when
    /// the queue does not hold it.</param>
    /// <param name="now">The time.</param>
    public void Wait(JobId id, long untilMs, IReply<JobEnd?> reply, QueueTime now)
    {
        var slot = _jobs.Find(id);
        if (slot < 0)
        {
            reply.Reply(new Error(ErrorCode.JobNotFound, "The queue does not hold this job."));
        }
        else if (untilMs <= now.MonotonicMs || Draining || _fenced)
        {
            reply.Reply((JobEnd?)null!);
        }
        else
        {
            var wait = new JobWait(slot, reply);
            InterestIn(slot).Waits.Add(wait);
            _waits.Enqueue(wait, (untilMs, _nextWait++));
        }
    }

    /// <summary>
    /// Ends a job by its owner's wish, or deletes it when it has ended already. The reply, true when there was
    /// something to end or delete, comes when that is durable; it is <see cref="ErrorCode.NotDurable"/>, and nothing was
    /// done, when the store takes no writes.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="reply">Takes whether there was something.</param>
    /// <param name="now">The time.</param>
    /// <param name="deletes">
    /// Whether one that has ended is deleted. Not by who wants to end many: what ends while they ask keeps its result.
    /// </param>
    public void Cancel(JobId id, IReply<bool> reply, QueueTime now, bool deletes = true)
    {
        if (_fenced)
        {
            reply.Reply(new Error(ErrorCode.Unavailable, "The queue is shutting down; try again in a moment.", 1));
            return;
        }
        if (StoreIsAway(now))
        {
            reply.Reply(new Error(
                ErrorCode.NotDurable, "The store takes no writes at the moment; nothing was cancelled or deleted.", 1));
            return;
        }
        if (_pending.Count >= _rules.PendingRows)
        {
            reply.Reply(new Error(ErrorCode.Unavailable, "Too much waits to be stored; try again in a moment.", 1));
            return;
        }
        var slot = _jobs.Find(id);
        var wish = new CancelWish(reply, deletes);
        if (slot < 0)
        {
            EndedBefore(id, wish);
            return;
        }
        InterestIn(slot).Cancels.Add(wish);
        CancelNow(slot, now);
    }

    /// <summary>Cancels all jobs of a generation that Db has closed, now and as they come.</summary>
    /// <returns>Its jobs.</returns>
    public int CloseOwner(long generation)
    {
        var owner = OwnerOf(generation);
        MarkClosed(owner);
        return owner.Jobs;
    }

    private void MarkClosed(QueueOwner owner)
    {
        if (owner.Closed) return;
        _share.Close(owner);
        if (owner.Jobs == 0) Retire(owner);
        // Walks once over the table as it is now, a piece a tick: no job is chained to its owner, and closing is rare.
        // Slots added later hold none of its jobs that are not cancelled as they come.
        _sweepSlots = _sweepLeft = _jobs.SlotCount;
    }

    /// <summary>Cancels the next few thousand slots' jobs of closed owners, as far as the pending commits allow.</summary>
    private void SweepClosedOwners(QueueTime now)
    {
        for (var steps = 0; steps < 8192 && _sweepLeft > 0 && _pending.Count < _rules.PendingRows / 2; steps++)
        {
            _sweepLeft--;
            if (_sweepAt >= _sweepSlots) _sweepAt = 0;
            var slot = _sweepAt++;
            if (_jobs[slot].Version is { } version && version.Function.Owner.Closed) CancelNow(slot, now);
        }
    }

    private void CancelNow(int slot, QueueTime now)
    {
        ref var job = ref _jobs[slot];
        switch (job.Phase)
        {
            case JobPhase.Ready or JobPhase.Delayed:
                EndUnrun(slot, Outcome.Cancelled, now);
                break;
            case JobPhase.Leased:
                job.Phase = JobPhase.Cancelling;
                job.Lease!.CancelDeadlineMs = now.MonotonicMs + _rules.CancelMs;
                Revoke(job.Lease);
                break;
            default:
                // Its commit is under way: what comes after it is decided when that is answered.
                InterestIn(slot).CancelWanted = true;
                break;
        }
    }

    /// <summary>A cancelled running job whose worker does not answer: billed from the start of its lease.</summary>
    /// <param name="slot">The job.</param>
    /// <param name="started">Whether the function may have run.</param>
    /// <param name="now">The time.</param>
    private void EndCancelled(int slot, bool started, QueueTime now)
    {
        ref var job = ref _jobs[slot];
        var lease = job.Lease!;
        var wall = started
            ? TimeSpan.FromMilliseconds(Math.Max(0, now.MonotonicMs - lease.GrantedAt.MonotonicMs))
            : TimeSpan.Zero;
        // The lease may have been renewed for longer than the function may run, or the queue have been cut off.
        var end = CancelledEnd(Believable(new ResourceUsage(wall, TimeSpan.Zero, TimeSpan.Zero), lease, now));
        EndAttempt(slot, end, job.Counts with { Ended = job.Ended + 1 }, null, now);
    }

    private static void Revoke(Lease lease)
    {
        var seat = lease.Worker;
        seat.Revoked.Add(lease.Token);
        if (seat.ParkedWatch is not { } watch) return;
        seat.ParkedWatch = null;
        watch.Reply.Reply(Result<IReadOnlyList<LeaseToken>>.Ok(TakeRevoked(seat)));
    }

    /// <summary>Waits until a lease of the worker is revoked; the reply lists such leases.</summary>
    public void Watch(Guid worker, long untilMs, IReply<IReadOnlyList<LeaseToken>> reply, QueueTime now)
    {
        var seat = Seat(worker, now);
        seat.ParkedWatch?.Reply.Reply(Result<IReadOnlyList<LeaseToken>>.Ok([]));
        seat.ParkedWatch = null;
        if (seat.Revoked.Count > 0 || Draining || _fenced || seat.Leaving)
            reply.Reply(Result<IReadOnlyList<LeaseToken>>.Ok(TakeRevoked(seat)));
        else
            seat.ParkedWatch = new ParkedWatch(untilMs, reply);
    }

    private static LeaseToken[] TakeRevoked(WorkerSeat seat)
    {
        LeaseToken[] revoked = [.. seat.Revoked];
        seat.Revoked.Clear();
        return revoked;
    }

    private void AnswerWaits(JobInterest interest, Result<JobEnd?> answer)
    {
        foreach (var wait in interest.Waits) wait.Reply(answer);
        _answeredWaits += interest.Waits.Count;
        interest.Waits.Clear();
        // Answered ones stay in the order of deadlines until they are the majority: most are answered long before.
        if (_answeredWaits < 1024 || _answeredWaits * 2 < _waits.Count) return;
        var open = _waits.UnorderedItems.Where(item => item.Element.IsOpen).ToArray();
        _waits.Clear();
        _waits.EnqueueRange(open);
        _answeredWaits = 0;
    }

    /// <summary>A wait is over before its job's end: the job forgets it, else one polled for days would collect them.</summary>
    private void ForgetWait(JobWait wait)
    {
        if (!wait.IsOpen)
        {
            _answeredWaits--;
            return;
        }
        var interest = _interests[wait.Slot];
        interest.Waits.Remove(wait);
        if (interest is { Waits.Count: 0, Cancels.Count: 0, CancelWanted: false }) _interests.Remove(wait.Slot);
        wait.Reply((JobEnd?)null!);
    }

    private bool IsCancelWanted(int slot) =>
        _interests.TryGetValue(slot, out var interest) && (interest.CancelWanted || interest.Cancels.Count > 0);

    private JobInterest InterestIn(int slot)
    {
        if (_interests.TryGetValue(slot, out var interest)) return interest;
        interest = new JobInterest();
        _interests.Add(slot, interest);
        return interest;
    }

    /// <summary>A submission that the store refused, or whose job has ended long ago: nobody can wait for it here.</summary>
    private void Dismiss(int slot, bool existed)
    {
        var id = _jobs[slot].Id;
        if (_interests.TryGetValue(slot, out var interest))
        {
            AnswerWaits(interest, new Error(ErrorCode.JobNotFound, "The queue does not hold this job."));
            foreach (var cancel in interest.Cancels)
            {
                if (existed) EndedBefore(id, cancel);
                else cancel.Reply.Reply(false);
            }
        }
        Remove(slot);
    }

    /// <summary>Somebody wanted a job ended that had ended: now it is a finished job, which they may want deleted.</summary>
    private void EndedBefore(JobId id, CancelWish wish)
    {
        if (wish.Deletes) AddPending(new PendingDelete(id, wish.Reply));
        else wish.Reply.Reply(false);
    }

    /// <summary>Who wants a job ended.</summary>
    /// <param name="Reply">Takes whether it was.</param>
    /// <param name="Deletes">Whether they want it deleted if it ended otherwise.</param>
    private readonly record struct CancelWish(IReply<bool> Reply, bool Deletes);

    /// <summary>What others want of a job; only few jobs have any of it.</summary>
    private sealed class JobInterest
    {
        public List<JobWait> Waits { get; } = [];

        public List<CancelWish> Cancels { get; } = [];

        /// <summary>It is to be cancelled once the commit it stands in is answered.</summary>
        public bool CancelWanted { get; set; }

        /// <summary>
        /// Tells everybody. Whoever cancelled gets what they asked for if the job ended as cancelled; else it ended first.
        /// </summary>
        public void JobEnded(JobEnd end, JobQueue queue, QueueTime now)
        {
            queue.AnswerWaits(this, end);
            foreach (var cancel in Cancels)
            {
                if (end.State == JobState.Cancelled) cancel.Reply.Reply(true);
                else queue.EndedBefore(end.Id, cancel);
            }
        }
    }

    /// <summary>One parked wait. It stands in the job's list and in the order of deadlines; whichever comes first.</summary>
    private sealed class JobWait(int slot, IReply<JobEnd?> reply)
    {
        private IReply<JobEnd?>? _reply = reply;

        public int Slot { get; } = slot;

        public bool IsOpen => _reply is not null;

        public void Reply(Result<JobEnd?> answer)
        {
            var once = _reply;
            _reply = null;
            once?.Reply(answer);
        }
    }
}
