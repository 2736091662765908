using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobQueueSubmissionTests
{
    private readonly QueueHarness _queue = new();

    [Fact]
    public void Enqueue_BeforeItsCommitIsAnswered_IsNeitherAcknowledgedNorLeased()
    {
        var answer = _queue.Enqueue(_queue.Submission());
        var commit = _queue.Take();

        _queue.Ask(_queue.NewWorker()).IsThere.Should().BeFalse();
        _queue.Pass(60_000, commits: false);
        answer.IsThere.Should().BeFalse();

        _queue.Finish(commit);
        answer.Value.Should().Equal([null]);
    }

    [Fact]
    public void Enqueue_OfTheSameJobAgain_IsAnsweredLikeTheFirstTime()
    {
        var submission = _queue.Submission();
        var first = _queue.Enqueue(submission);
        var second = _queue.Enqueue(submission);
        _queue.Commit();
        var third = _queue.Enqueue(submission);

        first.Value.Should().Equal([null]);
        second.Value.Should().Equal([null]);
        third.Value.Should().Equal([null]);
        _queue.Store.Jobs.Should().ContainSingle();
        _queue.Counts.Submitted.Should().Be(1);
    }

    [Fact]
    public void Enqueue_OfTheSameJobTwiceInOneRequest_StoresItOnce()
    {
        var submission = _queue.Submission();

        var answer = _queue.Enqueue(submission, submission);
        _queue.Commit();

        answer.Value.Should().Equal([null, null]);
        _queue.Commits.Single().New.Should().ContainSingle();
    }

    [Fact]
    public void Enqueue_OfAJobThatEndedLongAgo_IsAcknowledgedAndNotRunAgain()
    {
        var worker = _queue.NewWorker();
        var submission = _queue.Submission();
        _queue.Enqueue(submission);
        _queue.Commit();
        _queue.Complete(worker, _queue.Lease(worker));

        var again = _queue.Enqueue(submission);
        _queue.Commit();

        again.Value.Should().Equal([null]);
        _queue.Queue.Count.Should().Be(0);
        _queue.Ask(worker).IsThere.Should().BeFalse();
    }

    [Fact]
    public void Enqueue_WhenOneOfSeveralIsRefused_SaysWhich()
    {
        var answer = _queue.Enqueue(
            _queue.Submission(), _queue.Submission(function: Simulation.World.MissingFunction), _queue.Submission());
        _queue.Commit();

        answer.Value.Select(error => error?.Code).Should().Equal(null, ErrorCode.FunctionNotFound, null);
        _queue.Queue.Count.Should().Be(2);
    }

    [Fact]
    public void Enqueue_OfNothing_IsAnswered()
    {
        _queue.Enqueue().Value.Should().BeEmpty();
        _queue.Report(_queue.NewWorker(), reports: []).Value.Should().BeEmpty();
    }

    [Fact]
    public void Enqueue_WhenTooMuchWaitsToBeStored_IsRefused()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, PendingRows = 10, CommitRows = 4 });
        queue.Enqueue([.. Enumerable.Range(0, 8).Select(_ => queue.Submission())]);

        var refused = queue.Enqueue(queue.Submission(), queue.Submission(), queue.Submission());
        queue.Commit();
        var later = queue.Enqueue(queue.Submission());
        queue.Commit();

        refused.Error.Code.Should().Be(ErrorCode.Unavailable);
        refused.Error.RetryAfterSeconds.Should().BePositive();
        later.Value.Should().Equal([null]);
    }

    [Fact]
    public void Enqueue_WhenTooManyBytesWaitToBeStored_IsRefused()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, PendingBytes = 100 });
        queue.Enqueue(queue.Submission(arguments: new byte[101]));

        queue.Enqueue(queue.Submission()).Error.Code.Should().Be(ErrorCode.Unavailable);
    }

    [Fact]
    public void Cancel_WhenTooMuchWaitsToBeStored_IsRefused()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, PendingRows = 2 });
        queue.Enqueue(queue.Submission(), queue.Submission());

        queue.Cancel(queue.NewId()).Error.Code.Should().Be(ErrorCode.Unavailable);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(20, 1)]
    public void Enqueue_WhenTheQueueIsFull_SaysWhenToTryAgain(int endedBefore, int seconds)
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, MaxJobs = 5 });
        var worker = queue.NewWorker();
        for (var at = 0; at < endedBefore; at++)
        {
            queue.Submit();
            queue.Complete(worker, queue.Lease(worker));
        }
        queue.Pass(5_000);
        queue.SubmitMany(5);

        var refused = queue.Enqueue(queue.Submission());

        refused.Error.Code.Should().Be(ErrorCode.QueueFull);
        refused.Error.RetryAfterSeconds.Should().Be(seconds);
    }

    [Fact]
    public void Enqueue_WhenALargeFullQueueDrainsSlowly_AsksForMorePatience()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, MaxJobs = 1_000 });
        queue.SubmitMany(1_000);

        queue.Enqueue(queue.Submission()).Error.RetryAfterSeconds.Should().Be(10);
    }

    [Fact]
    public void Enqueue_WhenOneJobEndsInTenSeconds_IsToldToComeBackWhenThereIsRoom()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, MaxJobs = 300 });
        var worker = queue.NewWorker();
        queue.SubmitMany(300);
        queue.Complete(worker, queue.Lease(worker));
        queue.Pass(10_000);
        queue.SubmitMany(1);

        queue.Enqueue(queue.Submission()).Error.RetryAfterSeconds.Should().BeInRange(15, 30, "three jobs at one in five or ten seconds");
    }

    [Fact]
    public void Submit_WithADelay_IsDelayedUntilItIsDue()
    {
        var id = _queue.Submit(delayMs: 5_000);
        var asked = _queue.Ask(_queue.NewWorker());

        _queue.Queue.Describe(id).State.Should().Be(JobState.Delayed);
        _queue.Pass(4_500);
        asked.IsThere.Should().BeFalse();
        _queue.Pass(500);

        asked.Value.Jobs.Single().Job.Should().Be(id);
    }

    [Fact]
    public void Submit_WithATimeToLive_ExpiresUnstarted()
    {
        var id = _queue.Submit(ttlMs: 5_000);
        var wait = _queue.Wait(id);

        _queue.Pass(5_000);

        _queue.StoredEnd(id).Should().Be(JobState.Expired);
        wait.Value!.End.Outcome.Should().Be(Outcome.Expired);
        _queue.Store.Ledger.Should().BeEmpty();
    }

    [Fact]
    public void Submit_WithATimeToLiveShorterThanItsDelay_ExpiresWhileDelayed()
    {
        var id = _queue.Submit(delayMs: 10_000, ttlMs: 5_000);

        _queue.Pass(10_000);

        _queue.StoredEnd(id).Should().Be(JobState.Expired);
    }

    [Fact]
    public void Submit_WithATimeToLive_DoesNotExpireOnceItStarted()
    {
        var worker = _queue.NewWorker();
        _queue.Submit(ttlMs: 5_000);
        var job = _queue.Lease(worker);

        _queue.Pass(9_000);

        _queue.Complete(worker, job);
        _queue.StoredEnd(job.Job).Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void Dispatch_WhenATimeToLiveIsOverButNotSweptYet_GrantsTheNextOne()
    {
        var expired = _queue.Submit(ttlMs: 5_000);
        var good = _queue.Submit();
        _queue.Jump(5_000);

        var jobs = _queue.LeaseMany(_queue.NewWorker(), 2);
        _queue.Commit();

        jobs.Select(job => job.Job).Should().Equal(good);
        _queue.StoredEnd(expired).Should().Be(JobState.Expired);
        _queue.Pass(1_000);
    }

    [Fact]
    public void Tick_WhenVeryManyExpireAtOnce_WritesThemInPieces()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, PendingRows = 20, CommitRows = 100 });
        queue.SubmitMany(0);
        for (var at = 0; at < 50; at++) queue.Submit(ttlMs: 5_000);
        queue.Jump(6_000);
        queue.Tick();

        queue.Take().Ended.Count.Should().Be(10);
    }

    [Fact]
    public void Lease_OfAFreshJob_CarriesItsArguments()
    {
        var worker = _queue.NewWorker();
        _queue.Enqueue(_queue.Submission(arguments: [91, 49, 93]));
        _queue.Commit();

        var job = _queue.Lease(worker);
        _queue.Abandon(worker, false, job);

        job.Arguments.Should().Equal([91, 49, 93]);
        _queue.Lease(worker).Arguments.Should().BeNull("they were handed out once; now Db has them");
    }

    [Fact]
    public void Lease_WhenTheCacheWasFull_LeavesTheArgumentsToDb()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, CachedArguments = 2, CachedArgumentBytes = 5 });
        foreach (var length in new[] { 2, 9, 3, 0, 1 })
        {
            queue.Enqueue(queue.Submission(arguments: new byte[length]));
            queue.Commit();
        }

        queue.LeaseMany(queue.NewWorker(), 5).Select(job => job.Arguments?.Length).Should().Equal(2, null, 3, null, null);
    }

    [Fact]
    public void Lease_WhenManyJobsAreDelayed_StillCarriesArguments()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, CachedArguments = 2 });
        for (var at = 0; at < 5; at++) queue.Submit(delayMs: 1_000_000);
        queue.Submit();

        queue.Lease(queue.NewWorker()).Arguments.Should().NotBeNull();
    }
}
