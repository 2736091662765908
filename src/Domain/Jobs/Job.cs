namespace FaaS.Domain.Jobs;

/// <summary>
/// A job as the queue holds it: a small struct, never its arguments.
/// </summary>
/// <remarks>
/// <code>
///             commit                due                  grant
/// Submitting ───────► Delayed ─────────────► Ready ─────────────► Leased
///     │ refused          │  ▲                 │ ▲  ▲                │ │
///     ▼                  │  │ retry, later    │ │  └── given back ──┘ │ DELETE
///   (gone)               │  │                 │ │      unrun          ▼
///                        │  └──────┐   ┌──────┘ │                Cancelling
///           DELETE, ttl, │         │   │ DELETE,│retry, at once      │ worker's reading,
///           owner closed │         │   │ ttl,   │                    │ or 1 s
///                        ▼         │   ▼ closed │                    ▼
///                        └─────► Ending ◄───────┴── attempt's end ───┘
///                                  │ commit of a terminal state
///                                  ▼
///                                (gone: the store has it)
/// </code>
/// Who may move it: Submitting and Ending only the answer to the commit that carries the job's row; Delayed only the
/// clock, its owner or its time to live; Ready the fair share (a grant) or its owner; Leased the holder of the current
/// token, the clock (the lease ran out) or its owner. A job stands in at most one unanswered commit, and while it does
/// it is neither leased nor expired. Only Ending is durable in what it leads to: that a job is leased is never stored,
/// so a restarted queue finds it Ready, and its worker may claim it by listing it.
/// </remarks>
internal struct Job
{
    public JobId Id;
    public JobPhase Phase;
    public byte Crashes;
    public byte Losses;

    /// <summary>Attempts that ended; saturates, since only small limits are compared with it.</summary>
    public byte Ended;

    /// <summary>
    /// Place within its function's backlog: the difference to the head's is the jobs ahead, and the gaps that jobs taken
    /// out of the middle left.
    /// </summary>
    public int Ordinal;

    public int Next;
    public int Previous;
    public long Sequence;
    private long _at;
    public long ExpiresMs;
    public BoundVersion? Version;
    public Lease? Lease;

    /// <summary>Not before this instant, Unix ms; it means nothing any more once the job is ready.</summary>
    public long DueMs
    {
        readonly get => _at;
        set => _at = value;
    }

    /// <summary>
    /// Since when a worker could have it, in microseconds of the monotonic clock. It takes the due time's place, which a
    /// job needs only before: a million of them would take 8 MB more.
    /// </summary>
    public long ReadySinceUs
    {
        readonly get => _at;
        set => _at = value;
    }

    public readonly AttemptCounts Counts => new(Ended, Crashes, Losses);

    public void SetCounts(AttemptCounts counts)
    {
        Ended = (byte)Math.Min(counts.Ended, byte.MaxValue);
        Crashes = (byte)Math.Min(counts.Crashes, byte.MaxValue);
        Losses = (byte)Math.Min(counts.Losses, byte.MaxValue);
    }
}

/// <summary>A version that queued jobs are bound to; shared by all of them.</summary>
internal sealed class BoundVersion(FunctionBinding binding, FunctionBacklog function)
{
    public FunctionBinding Binding { get; } = binding;

    public FunctionBacklog Function { get; } = function;

    /// <summary>The binding with what is configured for the function now, which is what its next run goes by.</summary>
    public FunctionBinding Current
    {
        get
        {
            if (Function.Policy is not { } policy || ReferenceEquals(policy, _current.Policy)) return _current;
            return _current = Binding with { Limits = policy.Limits, Policy = policy };
        }
    }

    private FunctionBinding _current = binding;

    /// <summary>Jobs bound to it; at none it is forgotten.</summary>
    public int Jobs { get; set; }
}

/// <summary>A lease from the queue's side: until the attempt's end is accepted, or the job is given back.</summary>
internal sealed class Lease(int slot, LeaseToken token, WorkerSeat worker, QueueTime grantedAt, long deadlineMs)
{
    public int Slot { get; } = slot;

    /// <summary>How long the function may run.</summary>
    public TimeSpan Limit { get; set; }

    public LeaseToken Token { get; } = token;

    public WorkerSeat Worker { get; } = worker;

    public QueueTime GrantedAt { get; } = grantedAt;

    /// <summary>When it runs out, on the monotonic clock.</summary>
    public long DeadlineMs { get; set; } = deadlineMs;

    /// <summary>When a cancelled job stops waiting for its worker, on the monotonic clock.</summary>
    public long CancelDeadlineMs { get; set; }

    /// <summary>Whether its worker said that the function runs. A job that never ran is never charged for.</summary>
    public bool Started { get; set; }

    /// <summary>Worker time promised to it out of its user's budget, in microseconds.</summary>
    public long ReservedUs { get; set; }

    /// <summary>Whether less than its function's time limit was left to promise.</summary>
    public bool IsCut { get; set; }

    /// <summary>Worker time debited to the owner so far, in microseconds.</summary>
    public long ChargedUs { get; set; }
}

/// <summary>A worker from the queue's side.</summary>
internal sealed class WorkerSeat(Guid id)
{
    public Guid Id { get; } = id;

    /// <summary>Jobs it runs at a time.</summary>
    public int Slots { get; set; }

    /// <summary>Whether it stands in the line of parked workers.</summary>
    public bool InLine { get; set; }

    /// <summary>Jobs it holds at most, running and prefetched.</summary>
    public int Total { get; set; }

    public long LastSeenMs { get; set; }

    /// <summary>When its leases are lost unless it is heard of, on the monotonic clock; 0 while its connection stands.</summary>
    public long UnreachableAtMs { get; set; }

    /// <summary>It drains: no more work for it.</summary>
    public bool Leaving { get; set; }

    /// <summary>Its leases, oldest first. A worker holds tens of them, so a list is searched faster than a table.</summary>
    public List<Lease> Leases { get; } = [];

    /// <summary>Revoked leases it has not been told of.</summary>
    public List<LeaseToken> Revoked { get; } = [];

    public ParkedLeases? ParkedLeases { get; set; }

    public ParkedWatch? ParkedWatch { get; set; }
}

/// <summary>A worker's parked request for work.</summary>
internal sealed record ParkedLeases(int Max, long UntilMs, IReply<LeaseGrant> Reply);

/// <summary>A worker's parked request for revocations.</summary>
internal sealed record ParkedWatch(long UntilMs, IReply<IReadOnlyList<LeaseToken>> Reply);

/// <summary>Granted leases, and listed ones that are lost.</summary>
/// <param name="Jobs">The grants; empty when the wait was over.</param>
/// <param name="Lost">Listed leases that are not the worker's any more.</param>
public sealed record LeaseGrant(IReadOnlyList<LeasedJob> Jobs, IReadOnlyList<LeaseToken> Lost);
