using BenchmarkDotNet.Attributes;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Benchmarks.Micro;

/// <summary>The queue's core alone, storing into nothing: what a durable batch costs before any I/O.</summary>
[MemoryDiagnoser]
public class QueueCoreBenchmarks
{
    private const int Batch = 256;
    private const string Crowd = "crowd";
    private static readonly Guid Worker = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    private static readonly AttemptEnd End = new(Outcome.Success, ResultKind.Json, Body.Of("11"u8.ToArray()), null, Body.Empty,
        new ResourceUsage(TimeSpan.FromMilliseconds(0.1), TimeSpan.FromMilliseconds(0.1), TimeSpan.Zero));
    private static readonly FunctionBinding Ours = Bind(1, "bench");
    private static readonly FunctionBinding Theirs = Bind(2, Crowd);
    private JobQueue _queue = null!;
    private uint _ids;
    private QueueTime _now = new(1_000_000, 1_000_000);

    /// <summary>Another owner's jobs that wait meanwhile.</summary>
    [Params(0, 1_000_000)]
    public int Waiting { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _queue = new JobQueue(new QueueRules { AdoptionMs = 0 }, 1, 0, new LeaseSealer(new byte[LeaseSealer.KeySize]), 1, _now);
        for (var sequence = 1; sequence <= Waiting; sequence++)
            _queue.Restore(new UnfinishedJob(NextId(), sequence, Theirs, default, _now.WallMs, 0, 0, false), _now);
    }

    /// <summary>A job's whole way: enqueued, stored, leased, completed, its end stored.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int RoundTrip()
    {
        var jobs = new JobSubmission[Batch];
        for (var at = 0; at < Batch; at++)
            jobs[at] = new JobSubmission(NextId(), "bench", "add", Body.Of("[5,6]"u8.ToArray()), _now.WallMs);
        _queue.Enqueue(jobs, new Keep<IReadOnlyList<Error?>>(), _now);
        CommitAll();
        var ours = 0;
        while (ours < Batch)
        {
            var grant = new Keep<LeaseGrant>();
            _queue.LeaseJobs(Worker, Batch, 2 * Batch, Batch, _now.MonotonicMs, [], grant, _now);
            _queue.Dispatch(_now);
            _queue.Tick(_now);
            if (!grant.Answer.IsOk || grant.Answer.Value.Jobs.Count == 0)
                throw new InvalidOperationException("Nothing was granted.");
            var reports = new List<AttemptReport>();
            var others = new List<HeldLease>();
            foreach (var job in grant.Answer.Value.Jobs)
            {
                if (job.Binding.User == "bench") reports.Add(new AttemptReport(job.Job, job.Token, End));
                else others.Add(new HeldLease(job.Job, job.Token, false));
            }
            ours += reports.Count;
            if (others.Count > 0) _queue.Abandon(Worker, others, false, new Keep<int>(), _now);
            _queue.Complete(Worker, reports, new Keep<IReadOnlyList<LeaseToken>>(), _now);
            CommitAll();
        }
        return _queue.Count;
    }

    private void CommitAll()
    {
        _now = new QueueTime(_now.WallMs + 1, _now.MonotonicMs + 1);
        _queue.Dispatch(_now);
        while (_queue.TryTakeCommit(out var commit))
        {
            _queue.CommitFinished(new JobCommitted(
                [.. commit.New.Select(job => new NewJobOutcome(WriteStatus.Stored, job.Sequence, Ours, null))],
                [.. commit.Ended.Select(_ => WriteStatus.Stored)], [.. commit.Retried.Select(_ => WriteStatus.Stored)],
                [.. commit.Deleted.Select(_ => true)]), _now);
        }
    }

    private JobId NextId() => new(1, ++_ids);

    private static FunctionBinding Bind(long id, string user) =>
        new(id, id, id, user, "add", 1, SourceHash.Of("() => 1"u8), FunctionLimits.Default);

    private sealed class Keep<T> : IReply<T>
    {
        public Result<T> Answer { get; private set; }

        public void Reply(Result<T> answer) => Answer = answer;
    }
}
