namespace FaaS.Domain.Jobs;

/// <content>What happens by the passing of time.</content>
public sealed partial class JobQueue
{
    private const long MsPerDay = 24L * 3600 * 1000;

    private long _lastTickMs = -1;
    private long _rateFromMs;
    private long _rateFromTerminal;
    private double _endedPerSecond;
    private long _day;

    /// <summary>Lets time pass. Call it several times a second; the more often, the more exact the deadlines.</summary>
    public void Tick(QueueTime now)
    {
        ForgiveStandstill(now);
        MeasureDrainRate(now);
        EndWaits(now);
        DropSilentWorkers(now);
        BeginDay(now);
        Unpark(now);
        // With nothing left to store nothing would tell that the store is back: after a pause it is given the benefit of
        // the doubt, and the next commit shows.
        if (!_storeAvailable && IsSettled && now.MonotonicMs >= _storeRetryAtMs) _storeAvailable = true;
        // While the store is away nothing is granted, so nothing may run out either: it could not be written down.
        if (_storeAvailable && !_fenced)
        {
            EndLateLeases(now);
            WakeDueJobs(now);
            ExpireJobs(now);
            SweepClosedOwners(now);
        }
    }

    /// <summary>If the queue itself stood still, renewals may wait in its inbox: every lease gets the lost time back.</summary>
    private void ForgiveStandstill(QueueTime now)
    {
        var gap = _lastTickMs < 0 ? 0 : now.MonotonicMs - _lastTickMs;
        _lastTickMs = now.MonotonicMs;
        if (gap <= _rules.TickGapMs) return;
        foreach (var seat in _workers)
        {
            seat.LastSeenMs += gap;
            if (seat.UnreachableAtMs > 0) seat.UnreachableAtMs += gap;
            foreach (var lease in seat.Leases) lease.DeadlineMs += gap;
        }
    }

    /// <summary>
    /// Where jobs take longer than the measure does, none ending says little: the measure goes on, up to a minute, and
    /// meanwhile the rate is no more than one in so long.
    /// </summary>
    private void MeasureDrainRate(QueueTime now)
    {
        var elapsed = now.MonotonicMs - _rateFromMs;
        if (elapsed < 5_000) return;
        if (_terminal == _rateFromTerminal && elapsed < 60_000)
        {
            _endedPerSecond = Math.Min(_endedPerSecond, 1000.0 / elapsed);
            return;
        }
        _endedPerSecond = (_terminal - _rateFromTerminal) * 1000.0 / elapsed;
        _rateFromMs = now.MonotonicMs;
        _rateFromTerminal = _terminal;
    }

    /// <summary>With a new day there are new budgets: who had none left may go on.</summary>
    private void BeginDay(QueueTime now)
    {
        _share.WallMs = now.WallMs;
        var day = now.WallMs / MsPerDay;
        if (day == _day) return;
        _day = day;
        _share.PlaceAgain();
    }

    private void EndWaits(QueueTime now)
    {
        while (_waits.TryPeek(out var wait, out var key) && key.UntilMs <= now.MonotonicMs)
        {
            _waits.Dequeue();
            ForgetWait(wait);
        }
        foreach (var seat in _workers)
        {
            if (seat.ParkedLeases is { } leases && leases.UntilMs <= now.MonotonicMs)
            {
                seat.ParkedLeases = null;
                leases.Reply.Reply(new LeaseGrant([], []));
            }
            if (seat.ParkedWatch is { } watch && watch.UntilMs <= now.MonotonicMs)
            {
                seat.ParkedWatch = null;
                watch.Reply.Reply(Result<IReadOnlyList<LeaseToken>>.Ok([]));
            }
        }
    }

    private void DropSilentWorkers(QueueTime now)
    {
        var dropped = _workers.RemoveAll(seat => seat.Leases.Count == 0 && seat.ParkedLeases is null
            && seat.ParkedWatch is null && now.MonotonicMs - seat.LastSeenMs > _rules.WorkerMs);
        if (dropped > 0) CountCapacity();
    }

    /// <summary>
    /// A worker starts its leases in the order it got them, so of those it never spoke about again the oldest, as many
    /// as it has slots, are taken to have started.
    /// </summary>
    private void EndLateLeases(QueueTime now)
    {
        foreach (var seat in _workers)
        {
            var gone = seat.UnreachableAtMs > 0 && seat.UnreachableAtMs <= now.MonotonicMs;
            for (var at = seat.Leases.Count - 1; at >= 0; at--)
            {
                var lease = seat.Leases[at];
                var cancelling = _jobs[lease.Slot].Phase == JobPhase.Cancelling;
                var started = lease.Started || at < seat.Slots;
                if (cancelling && lease.CancelDeadlineMs <= now.MonotonicMs) EndCancelled(lease.Slot, started, now);
                else if (gone || lease.DeadlineMs <= now.MonotonicMs) Lose(lease, started, now);
            }
        }
    }

    private void WakeDueJobs(QueueTime now)
    {
        while (_due.TryTake(now.WallMs, out var slot))
        {
            _delayed--;
            MakeReady(slot, now);
        }
    }

    private void ExpireJobs(QueueTime now)
    {
        // A start is not written down: what a worker is running may still be waiting to be adopted after a restart.
        if (now.MonotonicMs < _grantsFromMs) return;
        // A million may expire at once; their ends are written in pieces, and submissions keep some room.
        while (_pending.Count < _rules.PendingRows / 2 && _expiries.TryTake(now.WallMs, out var slot))
        {
            // The entry is used up: it must not be counted as forgotten when the job leaves its place.
            ref var job = ref _jobs[slot];
            job.ExpiresMs = 0;
            EndUnrun(slot, Outcome.Expired, now);
        }
    }

    private void EndParkedRequests()
    {
        foreach (var seat in _workers) EndParkedRequests(seat);
        while (_waits.TryDequeue(out var wait, out _)) ForgetWait(wait);
    }

    private static void EndParkedRequests(WorkerSeat seat)
    {
        if (seat.ParkedLeases is { } leases)
        {
            seat.ParkedLeases = null;
            leases.Reply.Reply(new LeaseGrant([], []));
        }
        if (seat.ParkedWatch is not { } watch) return;
        seat.ParkedWatch = null;
        watch.Reply.Reply(Result<IReadOnlyList<LeaseToken>>.Ok(TakeRevoked(seat)));
    }
}
