using FaaS.Domain.Functions;

namespace FaaS.Domain.Jobs;

/// <summary>An owner's (a generation's) place in the fair queue.</summary>
internal sealed class QueueOwner(long generation)
{
    public long Generation { get; } = generation;

    /// <summary>Share of worker time relative to others; 1 unless set.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>Worker time it may still use in this round; below zero it owes, in microseconds.</summary>
    public long DeficitUs { get; set; }

    /// <summary>Whether this round's quantum was already given.</summary>
    public bool Visited { get; set; }

    public int Running { get; set; }

    /// <summary>Jobs of any phase.</summary>
    public int Jobs { get; set; }

    /// <summary>Its generation is closed: nothing of it is granted, all of it is being cancelled.</summary>
    public bool Closed { get; set; }

    /// <summary>It stands in the line of idle owners.</summary>
    public bool Idle { get; set; }

    /// <summary>It had jobs and went idle again since it joined that line.</summary>
    public bool IdleAgain { get; set; }

    public bool InRing { get; set; }

    public Dictionary<long, FunctionBacklog> Functions { get; } = [];

    /// <summary>Functions with ready jobs, next one first.</summary>
    public LinkedList<FunctionBacklog> Active { get; } = [];

    public LinkedListNode<QueueOwner>? Node { get; set; }
}

/// <summary>A function's ready jobs, first in first out, as a list through the job table.</summary>
internal sealed class FunctionBacklog
{
    public FunctionBacklog(long functionId, QueueOwner owner, int costUs)
    {
        FunctionId = functionId;
        Owner = owner;
        CostUs = costUs;
        Node = new LinkedListNode<FunctionBacklog>(this);
    }

    public long FunctionId { get; }

    public QueueOwner Owner { get; }

    public LinkedListNode<FunctionBacklog> Node { get; }

    /// <summary>Moving average of a run's wall time in microseconds: what a grant is charged in advance.</summary>
    public long CostUs { get; private set; }

    public bool Measured { get; private set; }

    /// <summary>What is configured for it; null for nothing.</summary>
    public FunctionPolicy? Policy { get; set; }

    public int Head { get; set; } = -1;

    public int Tail { get; set; } = -1;

    public int Ready { get; set; }

    /// <summary>Where its ready jobs stand; null while their ordinals have no gaps.</summary>
    public PlaceCounts? Places { get; set; }

    /// <summary>Jobs of any phase.</summary>
    public int Jobs { get; set; }

    /// <summary>A run under way has already taken this long, which the average of ended runs cannot know.</summary>
    public void Outlast(long us)
    {
        CostUs = Math.Max(CostUs, us);
        Measured = true;
    }

    /// <summary>Takes a measured run into the average, which follows with weight 1/8.</summary>
    public void Measure(long wallUs)
    {
        CostUs = Measured ? CostUs + ((wallUs - CostUs) / 8) : wallUs;
        Measured = true;
    }
}

/// <summary>
/// Deficit round robin (Shreedhar and Varghese, 1995) over owners, round robin over an owner's functions, first in
/// first out within a function. The unit is worker time: a grant is charged the function's average run in advance and
/// corrected when the run's real length is known, so an owner whose jobs are long gets fewer of them. Debt is capped:
/// one long run can never lock its owner out for longer than the cap.
/// </summary>
internal sealed class FairShare(JobTable jobs, QueueRules rules)
{
    /// <summary>As many jobs as a worker may be granted at once.</summary>
    private const int ReturnSteps = 256;

    /// <summary>Functions of an owner that are looked at for one grant.</summary>
    private const int FunctionTurns = 8;

    private readonly LinkedList<QueueOwner> _ring = [];

    /// <summary>Owners with ready jobs that already run all they may.</summary>
    private readonly LinkedList<QueueOwner> _capped = [];

    private int _ownerCap = 1;
    private int _slotCap = 1;

    /// <summary>Jobs that wait for a worker, those of closed owners included.</summary>
    public int Ready { get; private set; }

    /// <summary>Whether a grant could be made now.</summary>
    public bool CanPick => _ring.First is not null;

    /// <summary>Jobs one owner may run at a time.</summary>
    public int OwnerCap => _ownerCap;

    /// <summary>Since when the longest waiting head of a backlog has been ready, closed owners' not counted; null for none.</summary>
    public long? OldestReadyUs()
    {
        long? oldest = null;
        foreach (var owner in _ring) Look(owner, ref oldest);
        foreach (var owner in _capped) Look(owner, ref oldest);
        return oldest;
    }

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
        for (var node = _capped.First; node is not null;)
        {
            var next = node.Next;
            Place(node.Value);
            node = next;
        }
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
        Ready--;
        if (--function.Ready > 0)
        {
            if (function.Places is not null && !HasGaps(function)) function.Places = null;
            return;
        }
        function.Places = null;
        function.Owner.Active.Remove(function.Node);
        Place(function.Owner);
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

    /// <summary>
    /// The next job by fair share, taken out and charged for; -1 when there is none. Each turn of the loop gives an
    /// owner a quantum, and debt is capped, so it makes at most DebtUs / QuantumUs rounds.
    /// </summary>
    public int Pick(out long chargedUs)
    {
        while (_ring.First is { } node)
        {
            var owner = node.Value;
            if (owner.Running >= _ownerCap)
            {
                Place(owner);
                continue;
            }
            if (!owner.Visited)
            {
                owner.Visited = true;
                owner.DeficitUs += (long)rules.QuantumUs * owner.Weight;
            }
            if (owner.DeficitUs <= 0)
            {
                EndTurn(owner);
                continue;
            }
            if (NextFunction(owner) is not { } function)
            {
                Rest(owner);
                continue;
            }
            var slot = function.Head;
            owner.Running++;
            chargedUs = Math.Max(1, function.CostUs);
            Charge(owner, chargedUs);
            Remove(slot);
            if (owner.InRing && owner.Running >= _ownerCap) Place(owner);
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
        for (var turns = Math.Min(owner.Active.Count, FunctionTurns); turns > 0; turns--)
        {
            var function = owner.Active.First!.Value;
            owner.Active.RemoveFirst();
            owner.Active.AddLast(function.Node);
            if (owner.Running < _slotCap || (function.Measured && function.CostUs < rules.PrefetchUs)) return function;
        }
        return null;
    }

    /// <summary>The owner has work, but none that may be granted until something of its own ends, or more work comes.</summary>
    private void Rest(QueueOwner owner)
    {
        _ring.Remove(owner.Node!);
        _capped.AddLast(owner.Node!);
        owner.InRing = false;
        owner.Visited = false;
        owner.DeficitUs = Math.Min(owner.DeficitUs, 0);
    }

    /// <summary>Counts a job that runs without having been picked: a restarted queue adopted it.</summary>
    public void Adopt(QueueOwner owner)
    {
        owner.Running++;
        Place(owner);
    }

    /// <summary>
    /// Debits worker time; credits it when negative. Capped both ways: since debt is forgiven beyond its cap, a later
    /// correction could otherwise give back more than was ever taken.
    /// </summary>
    public void Charge(QueueOwner owner, long us) =>
        owner.DeficitUs = Math.Clamp(owner.DeficitUs - us, -rules.DebtUs, (long)rules.QuantumUs * owner.Weight);

    /// <summary>Frees an owner's place after a run.</summary>
    public void Finished(QueueOwner owner)
    {
        owner.Running--;
        Place(owner);
    }

    /// <summary>Takes over what is configured for a function, unless what it has is newer.</summary>
    public void SetPolicy(FunctionBacklog function, FunctionPolicy policy)
    {
        if (function.Policy is { } known && known.Revision >= policy.Revision) return;
        function.Policy = policy;
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
        Ready++;
        if (++function.Ready > 1) return;
        function.Owner.Active.AddLast(function.Node);
        Place(function.Owner);
    }

    private void EndTurn(QueueOwner owner)
    {
        owner.Visited = false;
        _ring.Remove(owner.Node!);
        _ring.AddLast(owner.Node!);
    }

    /// <summary>Puts an owner where it belongs now: in the ring, among the capped, or nowhere.</summary>
    private void Place(QueueOwner owner)
    {
        var hasWork = owner.Active.Count > 0 && !owner.Closed;
        var belongs = !hasWork ? null : owner.Running < _ownerCap ? _ring : _capped;
        owner.Node ??= new LinkedListNode<QueueOwner>(owner);
        if (ReferenceEquals(owner.Node.List, belongs)) return;
        owner.Node.List?.Remove(owner.Node);
        // Debt is kept, credit is not: an owner cannot save up worker time while it has no work.
        owner.DeficitUs = Math.Min(owner.DeficitUs, 0);
        owner.Visited = false;
        belongs?.AddLast(owner.Node);
        owner.InRing = ReferenceEquals(belongs, _ring);
    }
}
