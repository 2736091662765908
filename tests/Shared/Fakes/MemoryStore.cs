using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Fakes;

/// <summary>
/// The store's promises kept in memory, with faults on demand. One lock makes every call atomic; nothing is durable,
/// which no test of the Application can tell.
/// </summary>
public sealed partial class MemoryStore : IJobStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<JobId, StoredJob> _jobs = [];
    private readonly SortedDictionary<long, StoredJob> _unfinished = [];
    private readonly Dictionary<(JobId Job, int Attempt), TimeSpan> _ledger = [];
    private readonly Dictionary<Guid, byte[]> _payloads = [];
    private readonly List<JobCommit> _commits = [];
    private long _epoch;
    private long _lastSequence;
    private int _commitsUnderWay;
    private int _mostCommitsUnderWay;
    private int _calls;

    /// <summary>What leases are sealed with.</summary>
    public byte[] LeaseKey { get; } = new byte[LeaseSealer.KeySize];

    /// <summary>While set, every call answers with it and changes nothing.</summary>
    public Error? Down { get; set; }

    /// <summary>While set, every call throws it and changes nothing.</summary>
    public Exception? Throws { get; set; }

    /// <summary>Awaited before a commit is applied; the number counts tries from 1.</summary>
    public Func<JobCommit, int, Task>? BeforeCommit { get; set; }

    /// <summary>What a try of a commit throws after it was applied; null for nothing.</summary>
    public Func<int, Exception?>? AfterCommit { get; set; }

    /// <summary>Awaited before a payload is stored.</summary>
    public Func<Guid, Task>? BeforePayload { get; set; }

    /// <summary>Calls of any kind.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Every try of a commit, copied as it came.</summary>
    public IReadOnlyList<JobCommit> Commits
    {
        get { lock (_gate) return [.. _commits]; }
    }

    public int MostCommitsUnderWay => Volatile.Read(ref _mostCommitsUnderWay);

    public int LedgerRows
    {
        get { lock (_gate) return _ledger.Count; }
    }

    public int Jobs
    {
        get { lock (_gate) return _jobs.Values.Count(job => !job.Hidden); }
    }

    public int Unfinished
    {
        get { lock (_gate) return _unfinished.Count; }
    }

    /// <summary>How often a job that had ended was to be ended differently; must stay 0.</summary>
    public int ContradictedEnds { get; private set; }

    public IReadOnlyDictionary<Guid, byte[]> Payloads
    {
        get { lock (_gate) return new Dictionary<Guid, byte[]>(_payloads); }
    }

    /// <summary>A job's end; null while it has none.</summary>
    public JobEnd? EndOf(JobId id)
    {
        lock (_gate) return _jobs.GetValueOrDefault(id)?.End;
    }

    public AttemptCounts CountsOf(JobId id)
    {
        lock (_gate) return _jobs[id].Counts;
    }

    /// <summary>Puts an unfinished job in behind the queue's back.</summary>
    public void Plant(JobSubmission submission)
    {
        lock (_gate) Insert(new NewJob(_lastSequence + 1, submission));
    }

    public Task<Result<Epoch>> TakeEpochAsync(CancellationToken cancellation) =>
        AnswerAsync(() => new Epoch(++_epoch, _lastSequence, LeaseKey));

    public Task<Result<byte[]>> ReadLeaseKeyAsync(CancellationToken cancellation) => AnswerAsync(() => LeaseKey);

    public async Task<Result<JobCommitted>> CommitAsync(JobCommit commit, CancellationToken cancellation)
    {
        int number;
        lock (_gate)
        {
            _commits.Add(commit with
            {
                New = [.. commit.New], Ended = [.. commit.Ended], Retried = [.. commit.Retried],
                Deleted = [.. commit.Deleted],
            });
            number = _commits.Count;
            _mostCommitsUnderWay = Math.Max(_mostCommitsUnderWay, ++_commitsUnderWay);
        }
        try
        {
            await Task.Yield();
            if (BeforeCommit is { } before) await before(commit, number);
            var answer = await AnswerAsync(() => commit.Epoch == _epoch ? Apply(commit) : null);
            if (AfterCommit?.Invoke(number) is { } error) throw error;
            if (!answer.IsOk) return answer.Error;
            return answer.Value is { } committed
                ? committed
                : new Error(ErrorCode.LeaseLost, "The epoch is not the newest.");
        }
        finally
        {
            lock (_gate) _commitsUnderWay--;
        }
    }

    public Task<Result<UnfinishedJobs>> LoadUnfinishedAsync(
        long afterSequence, int max, CancellationToken cancellation) => AnswerAsync(() =>
    {
        UnfinishedJob[] page =
        [
            .. _unfinished.SkipWhile(row => row.Key <= afterSequence).Take(max + 1).Select(row => row.Value.ToUnfinished(
                !_generations.Contains(row.Value.Binding.Generation))),
        ];
        return new UnfinishedJobs(page.Length > max ? page[..max] : page, page.Length > max);
    });

    public Task<Result<JobRecord>> FindAsync(JobId id, JobParts parts, CancellationToken cancellation) =>
        AnswerAsync<JobRecord>(() => _jobs.TryGetValue(id, out var job) && !job.Hidden
            ? job.ToRecord(parts)
            : new Error(ErrorCode.JobNotFound, "There is no such job."));

    public Task<Result<IReadOnlyList<byte[]?>>> ReadArgumentsAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellation) => AnswerAsync(() =>
    {
        IReadOnlyList<byte[]?> bodies =
        [
            .. ids.Select(id => _jobs.TryGetValue(id, out var job) && !job.Hidden ? Read(job.Submission.Arguments) : null),
        ];
        return Result<IReadOnlyList<byte[]?>>.Ok(bodies);
    });

    public async Task<Result<bool>> StorePayloadAsync(
        Guid id, byte[] bytes, long nowMs, CancellationToken cancellation)
    {
        if (BeforePayload is { } before) await before(id);
        return await AnswerAsync<bool>(() => _payloads.TryAdd(id, bytes));
    }

    public Task<Result<RetentionSweep>> SweepAsync(
        long endedBeforeMs, long orphanedBeforeMs, long keyedBeforeMs, CancellationToken cancellation) =>
        AnswerAsync<RetentionSweep>(() => new RetentionSweep(0, 0));

    private JobCommitted Apply(JobCommit commit) => new(
        [.. commit.New.Select(Insert)], [.. commit.Ended.Select(Store)], [.. commit.Retried.Select(Store)],
        [.. commit.Deleted.Select(Hide)]);

    private NewJobOutcome Insert(NewJob row)
    {
        if (_jobs.TryGetValue(row.Submission.Id, out var known))
        {
            return known.End is null
                ? new NewJobOutcome(WriteStatus.Stored, known.Sequence, known.Binding, null)
                : new NewJobOutcome(WriteStatus.Ignored, known.Sequence, null, null);
        }
        var bound = Bind(row.Submission.User, row.Submission.Function);
        if (!bound.IsOk) return new NewJobOutcome(WriteStatus.Refused, 0, null, bound.Error);
        // Of versions it keeps the current one.
        if (row.Submission.VersionId is { } version && version != bound.Value.VersionId)
            return new NewJobOutcome(WriteStatus.Refused, 0, null, StoreErrors.NoVersion(row.Submission.User, row.Submission.Function));
        var job = new StoredJob(row.Submission, row.Sequence, bound.Value);
        _jobs.Add(row.Submission.Id, job);
        _unfinished.Add(row.Sequence, job);
        _lastSequence = Math.Max(_lastSequence, row.Sequence);
        return new NewJobOutcome(WriteStatus.Stored, row.Sequence, bound.Value, null);
    }

    private WriteStatus Store(JobEnd row)
    {
        if (!_jobs.TryGetValue(row.Id, out var job)) return WriteStatus.Ignored;
        if (job.End is { } earlier)
        {
            if (earlier.State == row.State && earlier.Counts == row.Counts) return WriteStatus.Stored;
            ContradictedEnds++;
            return WriteStatus.Ignored;
        }
        job.End = row;
        job.Counts = row.Counts;
        _unfinished.Remove(job.Sequence);
        if (row.IsBilled) _ledger.TryAdd((row.Id, row.Counts.Ended), row.End.Usage.Wall);
        return WriteStatus.Stored;
    }

    private WriteStatus Store(JobRetry row)
    {
        if (!_jobs.TryGetValue(row.Id, out var job) || job.End is not null) return WriteStatus.Ignored;
        job.Counts = row.Counts;
        job.DueAtMs = row.DueAtMs;
        if (row.Usage is { } usage) _ledger.TryAdd((row.Id, row.Counts.Ended), usage.Wall);
        return WriteStatus.Stored;
    }

    private bool Hide(JobId id)
    {
        if (!_jobs.TryGetValue(id, out var job) || job.End is null || job.Hidden) return false;
        return job.Hidden = true;
    }

    private byte[]? Read(Body body) => body.Stored is { } id ? _payloads.GetValueOrDefault(id) : body.Inline;

    private async Task<Result<T>> AnswerAsync<T>(Func<Result<T>> answer)
    {
        await Task.Yield();
        Interlocked.Increment(ref _calls);
        if (Throws is { } error) throw error;
        lock (_gate) return Down is { } down ? down : answer();
    }

    private Task<Result<T>> AnswerAsync<T>(Func<T> answer) => AnswerAsync(() => Result<T>.Ok(answer()));

    private sealed class StoredJob(JobSubmission submission, long sequence, FunctionBinding binding)
    {
        public JobSubmission Submission { get; } = submission;

        public long Sequence { get; } = sequence;

        public FunctionBinding Binding { get; } = binding;

        public AttemptCounts Counts { get; set; }

        public long DueAtMs { get; set; } = submission.DueAtMs;

        public JobEnd? End { get; set; }

        public bool Hidden { get; set; }

        public UnfinishedJob ToUnfinished(bool ownerClosed) => new(
            Submission.Id, Sequence, Binding, Counts, Submission.SubmittedAtMs, DueAtMs, Submission.ExpiresAtMs,
            ownerClosed);

        public JobRecord ToRecord(JobParts parts) => new(
            Submission.Id, Sequence, Binding, End?.State ?? JobState.Queued, End?.End.Outcome, Counts,
            Submission.SubmittedAtMs, DueAtMs, End?.StartedAtMs ?? 0, End?.EndedAtMs ?? 0, End?.End.Usage ?? default,
            End?.End.Kind ?? ResultKind.None, parts.HasFlag(JobParts.Result) ? End?.End.Value.Inline : null,
            parts.HasFlag(JobParts.Result) ? End?.End.Error : null,
            parts.HasFlag(JobParts.Logs) ? End?.End.Logs.Inline : null, Submission.RedriveOf);
    }
}
