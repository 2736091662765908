namespace FaaS.Domain.Jobs;

/// <summary>
/// The queue: the single writer of every job's life, as a deterministic state machine. Inputs are requests, ticks and
/// the store's answers, each with the time passed in; outputs are replies and commits. It has no clock, no randomness,
/// no tasks and no I/O, so it can be simulated, and a failing run repeats exactly. Not thread-safe: one loop owns it.
/// </summary>
/// <remarks>
/// The loop: hand over what arrived, then <see cref="Dispatch"/>, then <see cref="TryTakeCommit"/>; when the store has
/// answered, <see cref="CommitFinished"/>. One commit is under way at a time; what arrives meanwhile is the next one.
/// </remarks>
public sealed partial class JobQueue
{
    private const int IdleOwners = 4096;

    private readonly QueueRules _rules;
    private readonly long _epoch;
    private readonly JobTable _jobs = new();
    private readonly FairShare _share;
    private readonly Dictionary<long, QueueOwner> _owners = [];
    private readonly Accounts _accounts = new();
    private readonly Dictionary<long, BoundVersion> _versions = [];
    private readonly Queue<QueueOwner> _idleOwners = new();
    private readonly Dictionary<int, JobInterest> _interests = [];
    private readonly ArgumentCache _arguments;
    private readonly LeaseSealer _sealer;
    private readonly IQueueObserver? _observer;
    private ulong _jitter;
    private long _nextSequence;
    private long _nextLease = 1;

    private long _delayed;
    private long _inFlight;
    private long _submitted;
    private long _restored;
    private long _terminal;
    private long _leases;
    private long _staleReports;
    private long _lostLeases;
    private long _arrived;
    private long _attempts;
    private long _busyUs;

    /// <summary>Starts an empty queue.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="epoch">This queue's epoch, as Db gave it.</param>
    /// <param name="lastSequence">The largest sequence number ever stored.</param>
    /// <param name="sealer">Seals its leases, as earlier queues' were sealed.</param>
    /// <param name="seed">Seed of the retries' jitter.</param>
    /// <param name="now">
    /// The time it starts. Nothing is granted for <see cref="QueueRules.AdoptionMs"/> from the last job that is restored
    /// before the first tick; where none is, no worker can be running one.
    /// </param>
    /// <param name="observer">Hears what happens to jobs; null for nobody.</param>
    public JobQueue(
        QueueRules rules, long epoch, long lastSequence, LeaseSealer sealer, ulong seed, QueueTime now,
        IQueueObserver? observer = null)
    {
        _rules = rules;
        _epoch = epoch;
        _nextSequence = lastSequence + 1;
        _sealer = sealer;
        _jitter = seed;
        _observer = observer;
        _share = new FairShare(_jobs, rules);
        _arguments = new ArgumentCache(rules.CachedArguments, rules.CachedArgumentBytes);
        _grantsFromMs = now.MonotonicMs;
        _rateFromMs = now.MonotonicMs;
        _due = new DeadlineHeap((slot, sequence, atMs) =>
            _jobs[slot] is { Phase: JobPhase.Delayed } job && job.Sequence == sequence && job.DueMs == atMs);
        _expiries = new DeadlineHeap((slot, sequence, atMs) =>
            _jobs[slot] is { Phase: JobPhase.Delayed or JobPhase.Ready } job
            && job.Sequence == sequence && job.ExpiresMs == atMs);
    }

    /// <summary>The queue's epoch.</summary>
    public long Epoch => _epoch;

    /// <summary>Jobs it holds, of any phase.</summary>
    public int Count => _jobs.Count;

    /// <summary>Whether it has stopped granting for good.</summary>
    public bool Draining { get; private set; }

    /// <summary>What it holds and has done. Looks at the head of each function's backlog, so not for every job.</summary>
    public QueueCounts Counts() => new(
        _epoch, _delayed, _share.Ready, _inFlight, _submitted, _restored, _terminal, _leases,
        _staleReports, _lostLeases, _workers.Count(seat => !seat.Leaving), _capacity, _storeAvailable,
        _pending.Count + (_inFlightCommit?.Commit.Count ?? 0), OldestQueuedMs(),
        _workers.Sum(seat => seat.Slots), _arrived, _attempts, _busyUs / 1000, RunningMs(), _share.Held());

    private long OldestQueuedMs() =>
        _share.OldestReadyUs() is { } sinceUs ? Math.Max(0, _lastTickMs - (sinceUs / 1000)) : 0;

    private long RunningMs()
    {
        long sum = 0;
        foreach (var seat in _workers)
            for (var at = 0; at < seat.Leases.Count && at < seat.Slots; at++)
                sum += Math.Max(0, _lastTickMs - seat.Leases[at].GrantedAt.MonotonicMs);
        return sum;
    }

    /// <summary>
    /// Takes over a durable job that has not ended, at start or later. One it holds already is left alone.
    /// </summary>
    public void Restore(UnfinishedJob job, QueueTime now)
    {
        // Workers are not heard before everything is read, so their time to claim what they run begins after that.
        if (_lastTickMs < 0) _grantsFromMs = now.MonotonicMs + _rules.AdoptionMs;
        if (_jobs.Find(job.Id) >= 0) return;
        var slot = _jobs.Add(job.Id);
        _nextSequence = Math.Max(_nextSequence, job.Sequence + 1);
        ref var entry = ref _jobs[slot];
        entry.Sequence = job.Sequence;
        entry.DueMs = job.DueAtMs;
        entry.ExpiresMs = job.Counts.Ended == 0 ? job.ExpiresAtMs : 0;
        entry.SetCounts(job.Counts);
        Bind(slot, job.Binding);
        entry.Version!.Function.Owner.Account!.Waiting++;
        _restored++;
        if (job.OwnerClosed) MarkClosed(entry.Version!.Function.Owner);
        Release(slot, now);
    }

    /// <summary>Whether it holds a job, in whatever phase.</summary>
    public bool Holds(JobId id) => _jobs.Find(id) >= 0;

    /// <summary>Grants nothing from now on, and ends every parked request; ends of attempts are still taken.</summary>
    public void Drain()
    {
        Draining = true;
        EndParkedRequests();
    }

    private void Bind(int slot, FunctionBinding binding)
    {
        if (!_versions.TryGetValue(binding.VersionId, out var version))
        {
            var owner = OwnerOf(binding.Generation);
            if (owner.Account is null)
            {
                owner.Account = _accounts.Of(binding.User);
                owner.Account.Owners++;
            }
            if (!owner.Functions.TryGetValue(binding.FunctionId, out var function))
            {
                function = new FunctionBacklog(binding.FunctionId, owner, _rules.UnknownCostUs);
                owner.Functions.Add(binding.FunctionId, function);
            }
            version = new BoundVersion(binding, function);
            _versions.Add(binding.VersionId, version);
        }
        if (binding.Policy is { } policy) _share.SetPolicy(version.Function, policy);
        version.Jobs++;
        version.Function.Jobs++;
        version.Function.Owner.Jobs++;
        _jobs[slot].Version = version;
    }

    private QueueOwner OwnerOf(long generation)
    {
        if (_owners.TryGetValue(generation, out var owner)) return owner;
        owner = new QueueOwner(generation);
        _owners.Add(generation, owner);
        return owner;
    }

    /// <summary>Makes a durable job wait: for its due time or for a worker; a closed owner's is cancelled instead.</summary>
    private void Release(int slot, QueueTime now)
    {
        ref var job = ref _jobs[slot];
        if (job.Version!.Function.Owner.Closed || IsCancelWanted(slot))
        {
            EndUnrun(slot, Outcome.Cancelled, now);
            return;
        }
        if (job.ExpiresMs > 0) _expiries.Add(job.ExpiresMs, slot, job.Sequence);
        if (job.DueMs > now.WallMs)
        {
            job.Phase = JobPhase.Delayed;
            _delayed++;
            _due.Add(job.DueMs, slot, job.Sequence);
            return;
        }
        MakeReady(slot, now);
    }

    /// <summary>From now on a worker could have it.</summary>
    private void MakeReady(int slot, QueueTime now)
    {
        _jobs[slot].ReadySinceUs = now.MonotonicUs;
        _arrived++;
        _share.Append(slot);
    }

    /// <summary>Takes a waiting job out of wherever it waits.</summary>
    private void Unqueue(int slot)
    {
        ref var job = ref _jobs[slot];
        var phase = job.Phase;
        // In between two phases, so that the heaps see that its entries mean nothing any more.
        job.Phase = JobPhase.Submitting;
        if (phase == JobPhase.Ready)
        {
            _share.Remove(slot);
        }
        else if (phase == JobPhase.Delayed)
        {
            _delayed--;
            _due.Forget();
        }
        if (job.ExpiresMs > 0) _expiries.Forget();
    }

    /// <summary>Forgets a job that the store has in a terminal state, or never took.</summary>
    private void Remove(int slot)
    {
        ref var job = ref _jobs[slot];
        _arguments.Drop(job.Id);
        _interests.Remove(slot);
        if (job.Version is { } version) Unbind(version);
        _jobs.Release(slot);
    }

    private void Unbind(BoundVersion version)
    {
        var function = version.Function;
        var owner = function.Owner;
        if (--version.Jobs == 0) _versions.Remove(version.Binding.VersionId);
        // An idle function keeps its measured cost, so that a trickle of jobs is charged fairly; but not without bound.
        if (--function.Jobs == 0 && owner.Functions.Count > 256) owner.Functions.Remove(function.FunctionId);
        if (--owner.Jobs == 0) Retire(owner);
    }

    private void Forget(QueueOwner owner)
    {
        _owners.Remove(owner.Generation);
        if (owner.Account is not { } account) return;
        account.Owners--;
        _accounts.Release(account);
    }

    /// <summary>An idle owner keeps its debt for as long as it is among the last few thousand that went idle.</summary>
    private void Retire(QueueOwner owner)
    {
        owner.IdleAgain = owner.Idle;
        if (owner.Idle) return;
        owner.Idle = true;
        _idleOwners.Enqueue(owner);
        // Each owner stands in the line once; one that had jobs since it joined goes to its end instead of away.
        while (_idleOwners.Count > IdleOwners)
        {
            var oldest = _idleOwners.Dequeue();
            oldest.Idle = oldest.IdleAgain && oldest.Jobs == 0;
            oldest.IdleAgain = false;
            if (oldest.Idle) _idleOwners.Enqueue(oldest);
            else if (oldest.Jobs == 0) Forget(oldest);
        }
    }
}
