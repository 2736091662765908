using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>What the core tells of jobs while they live, and for how long they wait.</summary>
public sealed class JobQueueObserverTests
{
    private readonly Log _log = new();
    private readonly QueueHarness _queue;
    private readonly Guid _worker = new(99, 0, 0, new byte[8]);

    public JobQueueObserverTests() => _queue = new QueueHarness(observer: _log);

    [Fact]
    public void Job_WhenItSucceeds_IsToldOfAtEachStageWithItsTime()
    {
        var submission = _queue.Submission();
        _queue.Enqueue(submission);
        _queue.Jump(3);
        _queue.Commit();
        _queue.Jump(20);
        var lease = _queue.Lease(_worker);
        _queue.Jump(70);
        _queue.Report(_worker, lease);
        _queue.Jump(5);
        _queue.Commit();

        _log.Lines.Should().Equal("stored 3000", "leased 1 20000", "reported Success 70000", "ended Succeeded 5000");
    }

    [Fact]
    public void Job_WhenAnAttemptCrashes_IsToldOfAsRetried()
    {
        _queue.Submit();
        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.Crashed);

        _log.Lines.Should().EndWith(["reported Crashed 0", "retried 1 0"]);
    }

    [Fact]
    public void Job_WhenItIsDelayed_WaitsForAWorkerFromItsDueTime()
    {
        _queue.Submit(delayMs: 1_000);
        _queue.Pass(1_500);
        _queue.Lease(_worker);

        _log.Lines.Should().EndWith(["leased 1 500000"]);
    }

    [Fact]
    public void Job_WhenItWasGivenBack_HasWaitedSinceItWasFirstReady()
    {
        _queue.Submit();
        _queue.Jump(100);
        _queue.Abandon(_worker, leaving: false, _queue.Lease(_worker));
        _queue.Jump(100);
        _queue.Lease(_worker);

        _log.Lines.Should().EndWith(["leased 1 100000", "leased 1 200000"]);
    }

    [Fact]
    public void OldestQueued_IsTheAgeOfTheLongestWaitingJobOfAnyFunction()
    {
        _queue.Submit("ann");
        _queue.Pass(2_000);
        _queue.Submit("bob");
        _queue.Pass(1_000);

        _queue.Counts.OldestQueuedMs.Should().Be(3_000);
        var first = _queue.Lease(_worker);
        _queue.Counts.OldestQueuedMs.Should().Be(1_000);
        _queue.Lease(_worker, QueueHarness.Held(first));
        _queue.Counts.OldestQueuedMs.Should().Be(0);
    }

    [Fact]
    public void OldestQueued_WhenTheOwnerMayRunNoMore_StillCounts()
    {
        _queue.SubmitMany(2);
        _queue.Ask(_worker, slots: 1, total: 1).Value.Jobs.Should().ContainSingle();
        _queue.Pass(4_000);

        _queue.Counts.OldestQueuedMs.Should().Be(4_000);
    }

    [Fact]
    public void PendingRows_CountsTheCommitUnderWay()
    {
        _queue.Enqueue(_queue.Submission());
        var commit = _queue.Take();
        _queue.Enqueue(_queue.Submission(), _queue.Submission());

        _queue.Counts.PendingRows.Should().Be(3);
        _queue.Finish(commit);
        _queue.Counts.PendingRows.Should().Be(2);
    }

    private sealed class Log : IQueueObserver
    {
        public List<string> Lines { get; } = [];

        public void Stored(JobId id, long us) => Lines.Add($"stored {us}");

        public void Leased(JobId id, int attempt, long us) => Lines.Add($"leased {attempt} {us}");

        public void Reported(JobId id, Outcome outcome, long us) => Lines.Add($"reported {outcome} {us}");

        public void Ended(JobEnd end, long us) => Lines.Add($"ended {end.State} {us}");

        public void Retried(JobRetry retry, long us) => Lines.Add($"retried {retry.Counts.Ended} {us}");
    }
}
