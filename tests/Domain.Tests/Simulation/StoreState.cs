using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>One entry of the store's log: what it holds is what its log says.</summary>
internal abstract record StoreRecord
{
    public sealed record TakeEpoch : StoreRecord;

    public sealed record Commit(JobCommit Rows) : StoreRecord;

    public sealed record Register(string User) : StoreRecord;

    public sealed record Close(string User) : StoreRecord;
}

internal sealed class StoredJob(NewJob row, FunctionBinding binding)
{
    public NewJob Row { get; } = row;

    public JobId Id => Row.Submission.Id;

    public FunctionBinding Binding { get; } = binding;

    public AttemptCounts Counts { get; set; }

    public long DueAtMs { get; set; } = row.Submission.DueAtMs;

    public JobState? End { get; set; }

    public bool Hidden { get; set; }
}

/// <summary>Bugs planted on purpose: the checker has to find each.</summary>
internal enum Plant
{
    None,

    /// <summary>The store writes a ledger row each time a commit is repeated.</summary>
    BillsTwice,

    /// <summary>The store answers before its disk has the commit.</summary>
    AcknowledgesEarly,

    /// <summary>The store takes an end for a job that has ended.</summary>
    UnguardedEnds,

    /// <summary>The store takes commits of an earlier epoch.</summary>
    NoFence,

    /// <summary>The store says that it took nothing, but did.</summary>
    LiesAboutRefusing,

    /// <summary>A submission is acknowledged and forgotten.</summary>
    DropsAcknowledged,

    /// <summary>A late end is passed off as the current lease's.</summary>
    AcceptsStale,

    /// <summary>A grant comes twice.</summary>
    GrantsTwice,

    /// <summary>A completion is never answered.</summary>
    SwallowsReply,
}

/// <summary>What <c>IJobStore</c> and <c>IUserStore</c> promise, as a pure function of the log.</summary>
internal sealed class StoreState(Plant plant)
{
    private readonly Dictionary<string, long> _open = [];
    private readonly HashSet<long> _closed = [];
    private readonly Dictionary<JobId, StoredJob> _byId = [];
    private readonly List<StoredJob> _jobs = [];
    private readonly List<(JobId Job, int Attempt)> _ledger = [];
    private long _lastGeneration;

    public long Epoch { get; private set; }

    public long LastSequence { get; private set; }

    public IReadOnlyList<StoredJob> Jobs => _jobs;

    public IReadOnlyList<(JobId Job, int Attempt)> Ledger => _ledger;

    public StoredJob? Find(JobId id) => _byId.GetValueOrDefault(id);

    public bool IsClosed(long generation) => _closed.Contains(generation);

    public object Apply(StoreRecord record) => record switch
    {
        StoreRecord.TakeEpoch => ++Epoch,
        StoreRecord.Register register => Register(register.User),
        StoreRecord.Close close => Close(close.User),
        StoreRecord.Commit commit => Commit(commit.Rows),
        _ => throw new InvalidOperationException("No such record."),
    };

    private long Register(string user)
    {
        Close(user);
        return _open[user] = ++_lastGeneration;
    }

    private long Close(string user)
    {
        if (!_open.Remove(user, out var generation)) return 0;
        _closed.Add(generation);
        return generation;
    }

    private Result<JobCommitted> Commit(JobCommit commit)
    {
        if (commit.Epoch < Epoch && plant != Plant.NoFence)
            return new Error(ErrorCode.LeaseLost, "Another queue has a later epoch.");
        return new JobCommitted(
            [.. commit.New.Select(Insert)], [.. commit.Ended.Select(End)], [.. commit.Retried.Select(Retry)],
            [.. commit.Deleted.Select(Delete)]);
    }

    private NewJobOutcome Insert(NewJob row)
    {
        var submission = row.Submission;
        if (_byId.TryGetValue(submission.Id, out var known))
        {
            return known.End is null
                ? new NewJobOutcome(WriteStatus.Stored, known.Row.Sequence, known.Binding, null)
                : new NewJobOutcome(WriteStatus.Ignored, known.Row.Sequence, null, null);
        }
        if (!_open.TryGetValue(submission.User, out var generation))
            return Refused(ErrorCode.UserNotFound);
        if (submission.Function == World.MissingFunction) return Refused(ErrorCode.FunctionNotFound);
        var job = new StoredJob(row, World.Bind(generation, submission.User, submission.Function));
        _byId.Add(submission.Id, job);
        _jobs.Add(job);
        LastSequence = Math.Max(LastSequence, row.Sequence);
        return new NewJobOutcome(WriteStatus.Stored, row.Sequence, job.Binding, null);

        static NewJobOutcome Refused(ErrorCode code) =>
            new(WriteStatus.Refused, 0, null, new Error(code, "There is none."));
    }

    private WriteStatus End(JobEnd row)
    {
        if (!_byId.TryGetValue(row.Id, out var job)) return WriteStatus.Ignored;
        if (job.End is not null && plant != Plant.UnguardedEnds)
        {
            if (row.IsBilled && plant == Plant.BillsTwice) _ledger.Add((row.Id, row.Counts.Ended));
            return job.End == row.State && job.Counts == row.Counts ? WriteStatus.Stored : WriteStatus.Ignored;
        }
        job.End = row.State;
        job.Counts = row.Counts;
        if (row.IsBilled) _ledger.Add((row.Id, row.Counts.Ended));
        return WriteStatus.Stored;
    }

    private WriteStatus Retry(JobRetry row)
    {
        if (!_byId.TryGetValue(row.Id, out var job)) return WriteStatus.Ignored;
        if (job.Counts.Ended >= row.Counts.Ended) return WriteStatus.Stored;
        if (job.End is not null) return WriteStatus.Ignored;
        job.Counts = row.Counts;
        job.DueAtMs = row.DueAtMs;
        if (row.Usage is not null) _ledger.Add((row.Id, row.Counts.Ended));
        return WriteStatus.Stored;
    }

    private bool Delete(JobId id)
    {
        if (!_byId.TryGetValue(id, out var job) || job.End is null) return false;
        job.Hidden = true;
        return true;
    }

    public IReadOnlyList<UnfinishedJob> LoadUnfinished(long afterSequence, int max) =>
    [
        .. _jobs.Where(job => job.End is null && job.Row.Sequence > afterSequence)
            .OrderBy(job => job.Row.Sequence).Take(max).Select(job => new UnfinishedJob(
                job.Id, job.Row.Sequence, job.Binding, job.Counts, job.Row.Submission.SubmittedAtMs, job.DueAtMs,
                job.Row.Submission.ExpiresAtMs, IsClosed(job.Binding.Generation))),
    ];

    public IReadOnlyList<long> ListClosedWithJobs() =>
        [.. _jobs.Where(job => job.End is null && IsClosed(job.Binding.Generation))
            .Select(job => job.Binding.Generation).Distinct().Order()];
}
