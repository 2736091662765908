using FaaS.Domain.Functions;

namespace FaaS.Domain.Jobs;

/// <summary>An owner's (a generation's) place in the fair queue.</summary>
internal sealed class QueueOwner(long generation)
{
    public long Generation { get; } = generation;

    /// <summary>Its user's account; null until a job of it was seen.</summary>
    public Account? Account { get; set; }

    /// <summary>Share of worker time relative to others.</summary>
    public int Weight => Account?.Quotas.Weight ?? 1;

    /// <summary>Jobs its user may run at a time; as many as there are where that is not set.</summary>
    public int Concurrency => Account?.Quotas.ConcurrentJobs is > 0 and var most ? most : int.MaxValue;

    /// <summary>Worker time it has had by unit of weight, in nanoseconds, from where it last began.</summary>
    public long VirtualNs { get; set; }

    /// <summary>It has come with work, and none of it was granted yet.</summary>
    public bool IsNew { get; set; }

    /// <summary>The heap it stands in; null while it has nothing that could be granted.</summary>
    public OwnerHeap? Heap { get; set; }

    /// <summary>Its place there.</summary>
    public int HeapAt { get; set; }

    /// <summary>When it came there, against the others.</summary>
    public long HeapEntry { get; set; }

    public int Running { get; set; }

    /// <summary>Jobs of any phase.</summary>
    public int Jobs { get; set; }

    /// <summary>Jobs that wait for a worker.</summary>
    public int Ready { get; set; }

    /// <summary>Of these, the ones of functions that run as many as they may.</summary>
    public int Stopped { get; set; }

    /// <summary>What is left of its budget is too little for any of its functions.</summary>
    public bool IsSpent { get; set; }

    /// <summary>Its generation is closed: nothing of it is granted, all of it is being cancelled.</summary>
    public bool Closed { get; set; }

    /// <summary>It stands in the line of idle owners.</summary>
    public bool Idle { get; set; }

    /// <summary>It had jobs and went idle again since it joined that line.</summary>
    public bool IdleAgain { get; set; }

    public Dictionary<long, FunctionBacklog> Functions { get; } = [];

    /// <summary>Functions with ready jobs that may have one granted, next one first.</summary>
    public LinkedList<FunctionBacklog> Active { get; } = [];
}

/// <summary>A function's ready jobs, first in first out, as a list through the job table.</summary>
internal sealed class FunctionBacklog
{
    /// <summary>Runs that <see cref="ExpectedUs"/> is the average of, the newer counting for more.</summary>
    private const int ExpectedRuns = 64;

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

    /// <summary>
    /// What a run is expected to take in microseconds, for estimates: an average over more runs than a charge needs, unless a run
    /// under way shows that it is out of date.
    /// </summary>
    public long ExpectedUs => CostUs > 2 * _meanUs ? CostUs : _meanUs;

    private long _meanUs;
    private int _runs;

    /// <summary>What is configured for it; null for nothing.</summary>
    public FunctionPolicy? Policy { get; set; }

    /// <summary>Leases of its jobs.</summary>
    public int Running { get; set; }

    /// <summary>It has ready jobs, but runs as many as it may.</summary>
    public bool IsStopped { get; set; }

    /// <summary>Whether it runs as many as it may.</summary>
    public bool IsFull => Policy?.Concurrency is > 0 and var most && Running >= most;

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
        if (_runs < ExpectedRuns) _runs++;
        _meanUs += (wallUs - _meanUs) / _runs;
        Measured = true;
    }
}
