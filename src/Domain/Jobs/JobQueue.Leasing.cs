namespace FaaS.Domain.Jobs;

/// <content>Workers: leases, renewals, and what they gave back.</content>
public sealed partial class JobQueue
{
    /// <summary>Arguments one grant carries at most, the last job's on top: in base64 they stay well below 2 MiB.</summary>
    private const int GrantBytes = 512 * 1024;

    private readonly List<WorkerSeat> _workers = [];
    private readonly Queue<WorkerSeat> _parkedForWork = new();
    private const int AttemptBits = 10;
    private const long AttemptMask = (1 << AttemptBits) - 1;

    private long _grantsFromMs;
    private int _capacity;

    /// <summary>
    /// Asks for work. The reply comes with the first grants, or when the wait is over. What the worker was granted and
    /// does not list goes back uncharged; what it lists under an older epoch's token is adopted.
    /// </summary>
    /// <param name="worker">The worker.</param>
    /// <param name="slots">Jobs it runs at a time.</param>
    /// <param name="total">Jobs it would hold at most, prefetched ones included.</param>
    /// <param name="max">Jobs it would take now.</param>
    /// <param name="untilMs">When the wait is over, on the monotonic clock.</param>
    /// <param name="held">Every lease it holds.</param>
    /// <param name="reply">Takes the grants.</param>
    /// <param name="now">The time.</param>
    public void LeaseJobs(
        Guid worker, int slots, int total, int max, long untilMs, IReadOnlyList<HeldLease> held,
        IReply<LeaseGrant> reply, QueueTime now)
    {
        var seat = Seat(worker, now);
        if (!seat.Leaving && (seat.Slots != slots || seat.Total != total))
        {
            seat.Slots = slots;
            seat.Total = total;
            CountCapacity();
        }
        seat.ParkedLeases?.Reply.Reply(new LeaseGrant([], []));
        seat.ParkedLeases = null;
        var lost = Reconcile(seat, held, takeBack: true, now);
        if (Draining || _fenced || seat.Leaving || lost.Count > 0 || max < 1)
        {
            reply.Reply(new LeaseGrant([], lost));
            return;
        }
        seat.ParkedLeases = new ParkedLeases(max, untilMs, reply);
        Park(seat);
    }

    /// <summary>Keeps a worker's leases alive; the reply lists those it has lost.</summary>
    public void Renew(
        Guid worker, IReadOnlyList<HeldLease> held, IReply<IReadOnlyList<LeaseToken>> reply, QueueTime now)
    {
        var seat = Seat(worker, now);
        var lost = Reconcile(seat, held, takeBack: false, now);
        reply.Reply(Result<IReadOnlyList<LeaseToken>>.Ok(lost));
    }

    /// <summary>
    /// The connection over which a worker watched its leases is gone. Unless it is heard of again soon, over a new one,
    /// its leases are lost: nobody waits for a lease of a dead worker to run out.
    /// </summary>
    public void Disconnected(Guid worker, QueueTime now)
    {
        foreach (var seat in _workers)
            if (seat.Id == worker && !seat.Leaving) seat.UnreachableAtMs = now.MonotonicMs + _rules.ReconnectMs;
    }

    /// <summary>Takes leases back uncharged; of a leaving worker, all of them. The reply counts those that were current.</summary>
    public void Abandon(Guid worker, IReadOnlyList<HeldLease> leases, bool leaving, IReply<int> reply, QueueTime now)
    {
        var seat = Seat(worker, now);
        var count = 0;
        for (var at = seat.Leases.Count - 1; at >= 0; at--)
        {
            var lease = seat.Leases[at];
            if (!leaving && !IsListed(leases, lease.Token)) continue;
            count++;
            if (_jobs[lease.Slot].Phase == JobPhase.Cancelling) EndCancelled(lease.Slot, lease.Started, now);
            else GiveBack(lease.Slot);
        }
        if (leaving)
        {
            seat.Leaving = true;
            seat.Slots = seat.Total = 0;
            CountCapacity();
            EndParkedRequests(seat);
        }
        reply.Reply(count);
    }

    /// <summary>Hands ready jobs to parked workers, in the order they came, shared evenly among them.</summary>
    public void Dispatch(QueueTime now)
    {
        if (!MayGrant(now)) return;
        _share.WallMs = now.WallMs;
        while (_share.CanPick && _parkedForWork.TryDequeue(out var seat))
        {
            seat.InLine = false;
            if (seat.ParkedLeases is not { } parked) continue;
            var fair = (_share.Ready + _parkedForWork.Count) / (_parkedForWork.Count + 1);
            var jobs = Grant(seat, Math.Clamp(fair, 1, parked.Max), now);
            if (jobs.Count == 0)
            {
                Park(seat);
                return;
            }
            seat.ParkedLeases = null;
            parked.Reply.Reply(new LeaseGrant(jobs, []));
        }
    }

    private void Park(WorkerSeat seat)
    {
        if (seat.InLine) return;
        seat.InLine = true;
        _parkedForWork.Enqueue(seat);
    }

    private bool MayGrant(QueueTime now) =>
        !Draining && !_fenced && _storeAvailable && now.MonotonicMs >= _grantsFromMs;

    private List<LeasedJob> Grant(WorkerSeat seat, int max, QueueTime now)
    {
        var granted = new List<LeasedJob>(Math.Min(max, 32));
        for (var bytes = 0; granted.Count < max && bytes < GrantBytes;)
        {
            var slot = _share.Pick(out var chargedUs);
            if (slot < 0) break;
            ref var job = ref _jobs[slot];
            if (job.ExpiresMs > 0 && job.ExpiresMs <= now.WallMs)
            {
                // Its time to live is over, and only its expiry has not had its turn: one of the places is used up on it.
                ExpirePicked(slot, chargedUs, now);
                max--;
                continue;
            }
            var lease = AddLease(slot, seat, _sealer.Seal(job.Id, _epoch, NextLease(job.Ended + 1)), now);
            if (job.ExpiresMs > 0) _expiries.Forget();
            lease.ChargedUs = chargedUs;
            _leases++;
            _observer?.Leased(job.Id, job.Ended + 1, now.MonotonicUs - job.ReadySinceUs);
            var arguments = _arguments.Find(job.Id);
            bytes += arguments?.Length ?? 0;
            granted.Add(new LeasedJob(job.Id, lease.Token, job.Ended + 1, Reserve(lease, job.Version!, now), arguments));
            _arguments.Drop(job.Id);
        }
        return granted;
    }

    /// <summary>
    /// Promises a run the worker time it may take, out of what its user's budget has left: what is promised cannot be
    /// used by another run, so a budget is never passed. The last run before the end of one may get less than its
    /// function's limit.
    /// </summary>
    private static FunctionBinding Reserve(Lease lease, BoundVersion version, QueueTime now)
    {
        var binding = version.Current;
        lease.Limit = binding.Limits.Timeout;
        var account = version.Function.Owner.Account!;
        if (!account.Quotas.HasBudget) return binding;
        var wantedUs = (long)binding.Limits.Timeout.TotalMicroseconds;
        lease.ReservedUs = Math.Max(0, Math.Min(wantedUs, account.LeftUs(now.WallMs)));
        account.ReservedUs += lease.ReservedUs;
        lease.IsCut = lease.ReservedUs < wantedUs;
        return lease.IsCut
            ? binding with { Limits = binding.Limits with { Timeout = TimeSpan.FromMicroseconds(Math.Max(1_000, lease.ReservedUs)) } }
            : binding;
    }

    /// <summary>A lease's number: it grows from grant to grant, and says in its last bits which attempt it is for.</summary>
    private long NextLease(int attempt) => (_nextLease++ << AttemptBits) | AttemptOf(attempt);

    /// <summary>Of attempts beyond what the bits hold, which no policy allows, all are the last.</summary>
    private static long AttemptOf(int attempt) => Math.Min(attempt, AttemptMask);

    private void ExpirePicked(int slot, long chargedUs, QueueTime now)
    {
        ref var job = ref _jobs[slot];
        var function = job.Version!.Function;
        _share.Charge(function.Owner, -chargedUs);
        _share.Finished(function);
        job.Phase = JobPhase.Submitting;
        _expiries.Forget();
        EndUnrun(slot, Outcome.Expired, now);
    }

    private Lease AddLease(int slot, WorkerSeat seat, LeaseToken token, QueueTime now)
    {
        var lease = new Lease(slot, token, seat, now, now.MonotonicMs + _rules.LeaseMs);
        ref var job = ref _jobs[slot];
        job.Lease = lease;
        job.Phase = JobPhase.Leased;
        var account = job.Version!.Function.Owner.Account!;
        account.Waiting--;
        account.Running++;
        seat.Leases.Add(lease);
        _inFlight++;
        return lease;
    }

    /// <summary>The lease is over: the worker's place and the owner's are free. The job stays in flight.</summary>
    private void EndLease(int slot)
    {
        ref var job = ref _jobs[slot];
        var lease = job.Lease!;
        lease.Worker.Leases.Remove(lease);
        job.Lease = null;
        var function = job.Version!.Function;
        var account = function.Owner.Account!;
        account.Running--;
        account.ReservedUs -= lease.ReservedUs;
        _share.Finished(function);
        // What it gave back may be what another generation of the same user waits for.
        if (lease.ReservedUs > 0 && account.Owners > 1) _share.PlaceAgain();
    }

    /// <summary>A leased job returns to the head of its backlog, as if it had not been granted.</summary>
    private void GiveBack(int slot)
    {
        ref var job = ref _jobs[slot];
        _share.Charge(job.Version!.Function.Owner, -job.Lease!.ChargedUs);
        if (job.Lease.Started) job.ExpiresMs = 0;
        EndLease(slot);
        _inFlight--;
        job.Version!.Function.Owner.Account!.Waiting++;
        if (job.ExpiresMs > 0) _expiries.Add(job.ExpiresMs, slot, job.Sequence);
        _share.Return(slot);
    }

    /// <summary>
    /// Holds a worker's list against what the queue knows: renews what stands in both, takes back what the worker
    /// never got, adopts what an earlier queue granted. The result is what the worker has lost; a later queue's grants
    /// are not this one's to judge, which then is about to learn that it is fenced.
    /// </summary>
    private List<LeaseToken> Reconcile(
        WorkerSeat seat, IReadOnlyList<HeldLease> held, bool takeBack, QueueTime now)
    {
        var lost = new List<LeaseToken>();
        foreach (var row in held)
        {
            var lease = FindLease(seat, row.Token) ?? Adopt(seat, row, now);
            if (lease is not null) Renew(lease, row.Started, now);
            else if (!IsEnding(row) && row.Token.Epoch <= _epoch) lost.Add(row.Token);
        }
        if (!takeBack) return lost;
        for (var at = seat.Leases.Count - 1; at >= 0; at--)
        {
            var lease = seat.Leases[at];
            if (IsListed(held, lease.Token)) continue;
            if (_jobs[lease.Slot].Phase == JobPhase.Cancelling) EndCancelled(lease.Slot, lease.Started, now);
            else GiveBack(lease.Slot);
        }
        return lost;
    }

    private void Renew(Lease lease, bool started, QueueTime now)
    {
        lease.DeadlineMs = now.MonotonicMs + _rules.LeaseMs;
        if (!started) return;
        lease.Started = true;
        // A run that outlasts what was charged in advance is charged as it goes.
        ref var job = ref _jobs[lease.Slot];
        var usedUs = (now.MonotonicMs - lease.GrantedAt.MonotonicMs) * 1000;
        if (usedUs <= lease.ChargedUs) return;
        var function = job.Version!.Function;
        _share.Charge(function.Owner, usedUs - lease.ChargedUs);
        function.Outlast(usedUs);
        lease.ChargedUs = usedUs;
    }

    /// <summary>
    /// An earlier epoch's lease of a job that has not ended and that this queue has not granted. Of two claims the
    /// later grant wins; one that is made up has none.
    /// </summary>
    private Lease? Adopt(WorkerSeat seat, HeldLease held, QueueTime now)
    {
        if (held.Token.Epoch >= _epoch) return null;
        var slot = _jobs.Find(held.Job);
        if (slot < 0 || !_sealer.IsGenuine(held.Job, held.Token)) return null;
        ref var job = ref _jobs[slot];
        // The report of an attempt that has been written down already must not become the next one's.
        if ((held.Token.Number & AttemptMask) != AttemptOf(job.Ended + 1)) return null;
        if (job.Phase == JobPhase.Leased && job.Lease!.Token.Epoch < _epoch && job.Lease.Token < held.Token)
        {
            Revoke(job.Lease);
            GiveBack(slot);
        }
        if (job.Phase != JobPhase.Ready) return null;
        Unqueue(slot);
        _share.Adopt(job.Version!.Function);
        var lease = AddLease(slot, seat, held.Token, now);
        _ = Reserve(lease, job.Version, now);
        lease.IsCut = false;
        lease.Started = held.Started;
        return lease;
    }

    /// <summary>The slot of a job whose current lease this is; -1 for any other token.</summary>
    private int FindLeased(JobId id, LeaseToken token, WorkerSeat seat, QueueTime now)
    {
        var slot = _jobs.Find(id);
        if (slot < 0) return -1;
        var lease = _jobs[slot].Lease;
        if (lease is not null && lease.Token == token && ReferenceEquals(lease.Worker, seat)) return slot;
        return Adopt(seat, new HeldLease(id, token, true), now) is null ? -1 : slot;
    }

    private bool IsEnding(HeldLease held)
    {
        var slot = _jobs.Find(held.Job);
        return slot >= 0 && _jobs[slot].Phase == JobPhase.Ending;
    }

    private static bool IsListed(IReadOnlyList<HeldLease> held, LeaseToken token)
    {
        for (var at = 0; at < held.Count; at++)
            if (held[at].Token == token) return true;
        return false;
    }

    private static Lease? FindLease(WorkerSeat seat, LeaseToken token)
    {
        foreach (var lease in seat.Leases)
            if (lease.Token == token) return lease;
        return null;
    }

    private WorkerSeat Seat(Guid worker, QueueTime now)
    {
        foreach (var known in _workers)
        {
            if (known.Id != worker) continue;
            known.LastSeenMs = now.MonotonicMs;
            known.UnreachableAtMs = 0;
            return known;
        }
        var seat = new WorkerSeat(worker) { LastSeenMs = now.MonotonicMs };
        _workers.Add(seat);
        return seat;
    }

    private void CountCapacity()
    {
        _capacity = _workers.Sum(seat => seat.Total);
        _share.SetCapacity(_workers.Sum(seat => seat.Slots), _capacity);
    }
}
