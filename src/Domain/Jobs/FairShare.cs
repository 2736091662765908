using FaaS.Domain.Functions;

namespace FaaS.Domain.Jobs;

/// <summary>
/// Start-time fair queueing (Goyal, Vin and Cheng, 1996) over owners, round robin over an owner's functions, first in
/// first out within a function. Each owner has a virtual time, the worker time it has had by unit of weight, and the one
/// furthest behind is next. A grant is charged the function's average run in advance and corrected when the run's real
/// length is known, so an owner whose jobs are long gets fewer of them.
/// </summary>
/// <remarks>
/// Not by rounds: an owner that runs all it may takes no part in a round, and loses it, so that short jobs lost up to a third
/// of their share to long ones. Here it keeps its place, within bounds: <see cref="QueueRules.CreditUs"/> behind, and
/// <see cref="QueueRules.DebtUs"/> ahead, so that one long run never locks its owner out for longer. Who comes with work after a
/// time without begins with those furthest behind, and saves nothing up meanwhile.
/// </remarks>
internal sealed class FairShare(JobTable jobs, QueueRules rules)
{
    /// <summary>As many jobs as a worker may be granted at once.</summary>
    private const int ReturnSteps = 256;

    /// <summary>Functions of an owner that are looked at for one grant.</summary>
    private const int FunctionTurns = 8;

    private const int NsPerUs = 1000;

    private readonly OwnerHeap _open = new();

    /// <summary>Owners with ready jobs that already run all they may.</summary>
    private readonly OwnerHeap _capped = new();

    /// <summary>The latest virtual time anybody was granted a job at.</summary>
    private long _clockNs;

    private int _ownerCap = 1;
    private int _slotCap = 1;
    private long _stopped;

    /// <summary>Jobs that wait for a worker, those of closed owners included.</summary>
    public int Ready { get; private set; }

    /// <summary>Whether a grant could be made now.</summary>
    public bool CanPick => _open.First is not null;

    /// <summary>Jobs one owner may run at a time.</summary>
    public int OwnerCap => _ownerCap;

    /// <summary>Jobs one owner may run at a time, those that a worker holds ahead left out.</summary>
    public int SlotCap => _slotCap;

    /// <summary>Owners with work that may be granted, now or when something of theirs has ended.</summary>
    public IEnumerable<QueueOwner> WithWork => _open.All.Concat(_capped.All);

    /// <summary>How many there are of them.</summary>
    public int WithWorkCount => _open.All.Count + _capped.All.Count;

    /// <summary>The wall clock, Unix ms: which day's and month's budget counts.</summary>
    public long WallMs { get; set; }

    /// <summary>
    /// Since when the longest waiting head of a backlog has been ready; null for none. Of those that more workers would
    /// help: not what its owner's quota or its function's concurrency holds back, and not closed owners'.
    /// </summary>
    public long? OldestReadyUs()
    {
        long? oldest = null;
        foreach (var owner in _open.All) Look(owner, ref oldest);
        foreach (var owner in _capped.All)
            if (!IsHeld(owner)) Look(owner, ref oldest);
        return oldest;
    }

    /// <summary>Ready jobs that no worker could take up, however many there were: quotas, budgets, concurrency.</summary>
    public long Held()
    {
        long held = _stopped;
        foreach (var owner in _open.All) held += HeldOf(owner);
        foreach (var owner in _capped.All) held += HeldOf(owner);
        return held;
    }

    private static int HeldOf(QueueOwner owner)
    {
        var ready = owner.Ready - owner.Stopped;
        return IsHeld(owner) ? ready : Math.Max(0, ready - (owner.Concurrency - owner.Running));
    }

    private static bool IsHeld(QueueOwner owner) => owner.IsSpent || owner.Running >= owner.Concurrency;

    private void Look(QueueOwner owner, ref long? oldest)
    {
        foreach (var function in owner.Active)
        {
            var since = jobs[function.Head].ReadySinceUs;
            if (oldest is null || since < oldest) oldest = since;
        }
    }

    /// <summary>
    /// Sets how many jobs all workers together run, and how many they hold with those they prefetch. An owner may have
    /// all places but one, so that a newcomer's job need not wait for the end of somebody else's; and it may have
    /// prefetched places only for functions that are known to be short: a long job granted ahead would only stand in
    /// the way until it is given back.
    /// </summary>
    public void SetCapacity(int slots, int total)
    {
        _slotCap = Math.Max(1, slots - 1);
        _ownerCap = Math.Max(_slotCap, total - 1);
        PlaceAgain();
    }

    /// <summary>Something has changed that may let owners go on who have work and may not have it granted.</summary>
    public void PlaceAgain()
    {
        // In their order, which those that come back keep.
        foreach (var owner in _capped.All.OrderBy(owner => owner.HeapEntry).ToArray()) Place(owner);
    }

    /// <summary>Puts a job at the end of its function's backlog.</summary>
    public void Append(int slot)
    {
        ref var job = ref jobs[slot];
        var function = job.Version!.Function;
        job.Phase = JobPhase.Ready;
        job.Previous = function.Tail;
        job.Next = -1;
        job.Ordinal = function.Tail < 0 ? 0 : jobs[function.Tail].Ordinal + 1;
        if (function.Tail < 0) function.Head = slot;
        else jobs[function.Tail].Next = slot;
        function.Tail = slot;
        function.Places?.Add(job.Ordinal);
        Added(function);
    }

    /// <summary>
    /// Puts a job that was given back where it came from: to the head, but behind earlier jobs that came back before
    /// it. It passes over a bounded number of jobs, so that giving back stays cheap.
    /// </summary>
    public void Return(int slot)
    {
        ref var job = ref jobs[slot];
        var function = job.Version!.Function;
        var before = -1;
        var after = function.Head;
        for (var steps = 0; after >= 0 && steps < ReturnSteps && jobs[after].Sequence < job.Sequence; steps++)
        {
            var ordinal = --jobs[after].Ordinal;
            if (function.Places is { } places)
            {
                places.Remove(ordinal + 1);
                places.Add(ordinal);
            }
            before = after;
            after = jobs[after].Next;
        }
        job.Phase = JobPhase.Ready;
        job.Previous = before;
        job.Next = after;
        job.Ordinal = after >= 0 ? jobs[after].Ordinal - 1 : before >= 0 ? jobs[before].Ordinal + 1 : 0;
        if (before < 0) function.Head = slot;
        else jobs[before].Next = slot;
        if (after < 0) function.Tail = slot;
        else jobs[after].Previous = slot;
        function.Places?.Add(job.Ordinal);
        Added(function);
    }

    /// <summary>Takes a ready job out, wherever it stands.</summary>
    public void Remove(int slot)
    {
        ref var job = ref jobs[slot];
        var function = job.Version!.Function;
        if (job.Previous >= 0 && job.Next >= 0)
            function.Places ??= new PlaceCounts(jobs[function.Head].Ordinal, jobs[function.Tail].Ordinal);
        function.Places?.Remove(job.Ordinal);
        if (job.Previous < 0) function.Head = job.Next;
        else jobs[job.Previous].Next = job.Next;
        if (job.Next < 0) function.Tail = job.Previous;
        else jobs[job.Next].Previous = job.Previous;
        job.Next = job.Previous = -1;
        Count(function, -1);
        if (function.Ready > 0)
        {
            if (function.Places is not null && !HasGaps(function)) function.Places = null;
            return;
        }
        function.Places = null;
        Stand(function);
        Place(function.Owner);
    }

    /// <summary>So many ready jobs more.</summary>
    private void Count(FunctionBacklog function, int more)
    {
        Ready += more;
        function.Ready += more;
        function.Owner.Ready += more;
        if (!function.IsStopped) return;
        function.Owner.Stopped += more;
        _stopped += more;
    }

    /// <summary>Puts a function where it belongs now: among those its owner may have granted, or not.</summary>
    private void Stand(FunctionBacklog function)
    {
        var stops = function.Ready > 0 && function.IsFull;
        if (stops != function.IsStopped)
        {
            var ready = stops ? function.Ready : -function.Ready;
            function.IsStopped = stops;
            function.Owner.Stopped += ready;
            _stopped += ready;
        }
        var active = function.Ready > 0 && !stops;
        if (active == (function.Node.List is not null)) return;
        if (active) function.Owner.Active.AddLast(function.Node);
        else function.Owner.Active.Remove(function.Node);
    }

    /// <summary>Jobs of its function ahead of a ready job, plus one.</summary>
    public int Position(int slot)
    {
        var job = jobs[slot];
        var function = job.Version!.Function;
        var head = jobs[function.Head].Ordinal;
        if (function.Places is not { } places) return job.Ordinal - head + 1;
        var position = places.CountBefore(head, job.Ordinal) + 1;
        var stretch = PlaceCounts.StretchOf(job.Ordinal);
        for (var ahead = job.Previous; ahead >= 0 && PlaceCounts.StretchOf(jobs[ahead].Ordinal) == stretch;
             ahead = jobs[ahead].Previous)
            position++;
        return position;
    }

    private bool HasGaps(FunctionBacklog function) =>
        jobs[function.Tail].Ordinal - jobs[function.Head].Ordinal + 1 != function.Ready;

    /// <summary>The next job by fair share, taken out and charged for; -1 when there is none.</summary>
    public int Pick(out long chargedUs)
    {
        while (_open.First is { } owner)
        {
            if (owner.Running >= CapOf(owner))
            {
                Place(owner);
                continue;
            }
            if (NextFunction(owner) is not { } function)
            {
                Rest(owner);
                continue;
            }
            var slot = function.Head;
            // Debt is bounded, so that no more can be taken in advance: what a run lasts longer is charged as it goes.
            chargedUs = Math.Clamp(function.CostUs, 1, rules.DebtUs);
            _clockNs = Math.Max(_clockNs, owner.VirtualNs);
            owner.IsNew = false;
            Charge(owner, chargedUs);
            Remove(slot);
            Begin(function);
            return slot;
        }
        chargedUs = 0;
        return -1;
    }

    /// <summary>
    /// The owner's next function in turn that may have another job granted; null when there is none among the next few.
    /// </summary>
    private FunctionBacklog? NextFunction(QueueOwner owner)
    {
        var leftUs = owner.Account?.LeftUs(WallMs) ?? long.MaxValue;
        // Of a function that needs more than any budget there will be, a whole one is as good as it gets.
        var fullUs = owner.Account?.FullUs ?? long.MaxValue;
        owner.IsSpent = leftUs <= 0;
        for (var turns = Math.Min(owner.Active.Count, FunctionTurns); turns > 0; turns--)
        {
            var function = owner.Active.First!.Value;
            owner.Active.RemoveFirst();
            owner.Active.AddLast(function.Node);
            // What is likely to need more than is left would only be stopped half-way.
            if (Math.Min(function.CostUs, fullUs) > leftUs)
            {
                owner.IsSpent = true;
                continue;
            }
            if (owner.Running < _slotCap || (function.Measured && function.CostUs < rules.PrefetchUs)) return function;
        }
        return null;
    }

    /// <summary>The owner has work, but none that may be granted until something of its own ends, or more work comes.</summary>
    private void Rest(QueueOwner owner)
    {
        _open.Remove(owner);
        _capped.Add(owner);
    }

    /// <summary>Counts a job that runs without having been picked: a restarted queue adopted it.</summary>
    public void Adopt(FunctionBacklog function) => Begin(function);

    private void Begin(FunctionBacklog function)
    {
        function.Running++;
        function.Owner.Running++;
        Stand(function);
        Place(function.Owner);
    }

    /// <summary>
    /// Debits worker time; credits it when negative. Bounded both ways: since debt is forgiven beyond its bound, a later
    /// correction could otherwise give back more than was ever taken.
    /// </summary>
    public void Charge(QueueOwner owner, long us)
    {
        var latest = _clockNs + ((long)rules.DebtUs * NsPerUs / owner.Weight);
        owner.VirtualNs = Math.Clamp(owner.VirtualNs + (us * NsPerUs / owner.Weight), EarliestNs, latest);
        owner.Heap?.Moved(owner);
    }

    /// <summary>As far behind as anybody may be.</summary>
    private long EarliestNs => _clockNs - ((long)rules.CreditUs * NsPerUs);

    /// <summary>Frees a function's and its owner's place after a run.</summary>
    public void Finished(FunctionBacklog function)
    {
        function.Running--;
        function.Owner.Running--;
        Stand(function);
        Place(function.Owner);
    }

    /// <summary>Takes over what is configured for a function, unless what it has is newer.</summary>
    public void SetPolicy(FunctionBacklog function, FunctionPolicy policy)
    {
        if (function.Policy is { } known && known.Revision >= policy.Revision) return;
        function.Policy = policy;
        Stand(function);
        Place(function.Owner);
    }

    /// <summary>Takes an owner out of the ring for good.</summary>
    public void Close(QueueOwner owner)
    {
        owner.Closed = true;
        Place(owner);
    }

    private void Added(FunctionBacklog function)
    {
        Count(function, 1);
        if (function.Ready > 1) return;
        Stand(function);
        Place(function.Owner);
    }

    private int CapOf(QueueOwner owner) => Math.Min(_ownerCap, owner.Concurrency);

    /// <summary>Puts an owner where it belongs now: among those that may have a job granted, among the capped, or nowhere.</summary>
    private void Place(QueueOwner owner)
    {
        var hasWork = owner.Active.Count > 0 && !owner.Closed;
        var belongs = !hasWork ? null : owner.Running < CapOf(owner) ? _open : _capped;
        if (ReferenceEquals(owner.Heap, belongs)) return;
        var had = owner.Heap;
        had?.Remove(owner);
        if (belongs is null) return;
        owner.IsNew |= had is null;
        owner.VirtualNs = Math.Max(owner.VirtualNs, had is null ? BeginNs() : EarliestNs);
        belongs.Add(owner);
    }

    /// <summary>
    /// Where a newcomer begins: with the last grant, as if it had been there, or with whoever is further behind. Not with what
    /// the others have been charged in advance, which they may get back.
    /// </summary>
    private long BeginNs()
    {
        var behind = Math.Min(_open.First?.VirtualNs ?? _clockNs, _capped.First?.VirtualNs ?? _clockNs);
        return Math.Max(EarliestNs, Math.Min(behind, _clockNs));
    }
}
