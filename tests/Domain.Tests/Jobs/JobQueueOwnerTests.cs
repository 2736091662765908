using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobQueueOwnerTests
{
    private readonly QueueHarness _queue = new();

    [Fact]
    public void CloseOwner_WhenJobsWait_CancelsThemAll()
    {
        var generation = _queue.Register("bob");
        JobId[] ids = [.. _queue.SubmitMany(3, "bob"), _queue.Submit("bob", delayMs: 100_000)];
        var other = _queue.Submit("ann");

        _queue.CloseInStore("bob");
        _queue.Queue.CloseOwner(generation).Should().Be(4);
        _queue.Pass(500);

        ids.Should().OnlyContain(id => _queue.StoredEnd(id) == JobState.Cancelled);
        _queue.Queue.Describe(other).State.Should().Be(JobState.Queued);
    }

    [Fact]
    public void CloseOwner_WhenAJobRuns_RevokesItsLease()
    {
        var worker = _queue.NewWorker();
        var watch = _queue.Watch(worker);
        var generation = _queue.Register("bob");
        var id = _queue.Submit("bob");
        var job = _queue.Lease(worker);

        _queue.Queue.CloseOwner(generation);
        _queue.Pass(500);
        _queue.Report(worker, job, Outcome.Cancelled);
        _queue.Commit();

        watch.Value.Should().Equal(job.Token);
        _queue.StoredEnd(id).Should().Be(JobState.Cancelled);
    }

    [Fact]
    public void CloseOwner_WhenACommitIsInFlight_CancelsWhatItBrings()
    {
        var submission = _queue.Submission("bob");
        var answer = _queue.Enqueue(submission);
        var commit = _queue.Take();

        _queue.Queue.CloseOwner(_queue.Register("bob"));
        _queue.Pass(1_000, commits: false);
        _queue.Finish(commit);
        _queue.Commit();

        answer.Value.Should().Equal([null]);
        _queue.StoredEnd(submission.Id).Should().Be(JobState.Cancelled);
    }

    [Fact]
    public void CloseOwner_WhenARetryIsInFlight_CancelsTheJobInstead()
    {
        var worker = _queue.NewWorker();
        var id = _queue.Submit("bob");
        _queue.Report(worker, _queue.Lease(worker), Outcome.PlatformError);
        var commit = _queue.Take();

        _queue.Queue.CloseOwner(_queue.Register("bob"));
        _queue.Pass(1_000, commits: false);
        _queue.Finish(commit);
        _queue.Commit();

        _queue.StoredEnd(id).Should().Be(JobState.Cancelled);
    }

    [Fact]
    public void CloseOwner_WhenTheTableGrowsWhileItIsSwept_StillFindsEveryJob()
    {
        var ids = _queue.SubmitMany(10, "eve");
        _queue.Queue.CloseOwner(_queue.Register("bob"));
        _queue.Pass(500);
        _queue.SubmitMany(20, "ann");

        // The sweep starts in the middle of the table; meanwhile the table grows behind it.
        _queue.Queue.CloseOwner(_queue.Register("eve"));
        _queue.SubmitMany(10, "ann");
        _queue.Pass(1_000);

        ids.Should().OnlyContain(id => _queue.StoredEnd(id) == JobState.Cancelled);
    }

    [Fact]
    public void CloseOwner_WhenMoreJobsThanACommitMayHold_IsFinishedOverSeveralTicks()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, CommitRows = 8, PendingRows = 16 });
        var ids = queue.SubmitMany(100, "bob");

        queue.Queue.CloseOwner(queue.Register("bob"));
        queue.Pass(500, commits: false);
        queue.Take().Ended.Count.Should().Be(8);
        queue.Finish(queue.Commits.Count == 0 ? ErrorCode.NotDurable : ErrorCode.OutcomeUnknown);
        queue.Pass(20_000);

        ids.Should().OnlyContain(id => queue.StoredEnd(id) == JobState.Cancelled);
    }

    [Fact]
    public void CloseOwner_Twice_ChangesNothing()
    {
        var generation = _queue.Register("bob");
        _queue.SubmitMany(2, "bob");
        _queue.Queue.CloseOwner(generation);

        _queue.Queue.CloseOwner(generation).Should().Be(2);
        _queue.Pass(500);

        _queue.Counts.Terminal.Should().Be(2);
    }

    [Fact]
    public void Restore_WhenTheOwnerIsClosed_CancelsTheJob()
    {
        var id = _queue.Submit("bob");
        _queue.CloseInStore("bob");
        var next = new QueueHarness(epoch: 2, store: _queue.Store);

        next.Restore(next.Store.LoadUnfinished(0, 10).Single());
        next.Commit();

        next.StoredEnd(id).Should().Be(JobState.Cancelled);
    }

    [Fact]
    public void CloseOwner_AfterOwnersWentIdleThousandsOfTimes_StillFindsItsJobs()
    {
        for (var at = 0; at < 4_100; at++) GoIdle("bob");
        var id = _queue.Submit("bob");
        for (var at = 0; at < 4_100; at++) GoIdle("eve");

        _queue.Queue.CloseOwner(_queue.Register("bob")).Should().Be(1);
        _queue.Pass(500);

        _queue.StoredEnd(id).Should().Be(JobState.Cancelled);

        void GoIdle(string user)
        {
            _queue.Cancel(_queue.Submit(user));
            _queue.Commit();
        }
    }
}
