using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobQueueLeaseTests
{
    private readonly QueueHarness _queue = new();
    private readonly Guid _worker = new(99, 0, 0, new byte[8]);

    [Fact]
    public void LeaseJobs_WhenNothingWaits_IsParkedUntilSomethingDoes()
    {
        var asked = _queue.Ask(_worker);

        asked.IsThere.Should().BeFalse();
        var id = _queue.Submit();

        asked.Value.Jobs.Single().Job.Should().Be(id);
    }

    [Fact]
    public void LeaseJobs_WhenTheWaitIsOver_IsAnsweredEmpty()
    {
        var asked = _queue.Ask(_worker, waitMs: 5_000);

        _queue.Pass(5_000);

        asked.Value.Jobs.Should().BeEmpty();
        _queue.Submit();
        _queue.Counts.Leases.Should().Be(0, "nobody is there to take it");
    }

    [Fact]
    public void LeaseJobs_Again_EndsTheOneBefore()
    {
        var first = _queue.Ask(_worker);
        var second = _queue.Ask(_worker);
        _queue.Submit();

        first.Value.Jobs.Should().BeEmpty();
        second.Value.Jobs.Should().ContainSingle();
    }

    [Fact]
    public void LeaseJobs_ForNoJobs_IsAnsweredAndHoldsNobodyUp()
    {
        var none = _queue.Ask(_worker, max: 0);
        var other = _queue.Ask(_queue.NewWorker());
        _queue.Submit();

        none.Value.Jobs.Should().BeEmpty();
        other.Value.Jobs.Should().ContainSingle();
    }

    [Fact]
    public void Dispatch_WithSeveralParked_SharesEvenly()
    {
        var asked = Enumerable.Range(0, 3).Select(_ => _queue.Ask(_queue.NewWorker(), max: 10)).ToArray();
        _queue.Enqueue([.. Enumerable.Range(0, 6).Select(_ => _queue.Submission())]);
        _queue.Commit();

        asked.Select(answer => answer.Value.Jobs.Count).Should().Equal(2, 2, 2);
    }

    [Fact]
    public void Dispatch_OfSeveral_GrantsInOrderUnderRisingTokens()
    {
        var ids = _queue.SubmitMany(4);

        var jobs = _queue.LeaseMany(_worker, 4);

        jobs.Select(job => job.Job).Should().Equal(ids);
        jobs.Select(job => job.Token).Should().BeInAscendingOrder();
        jobs.Should().OnlyContain(job => job.Attempt == 1 && job.Token.Epoch == 1);
    }

    [Fact]
    public void LeaseJobs_WhenAGrantIsNotListed_TakesItBackUncharged()
    {
        var id = _queue.Submit();
        var lost = _queue.Lease(_worker);

        var again = _queue.Lease(_worker);

        again.Job.Should().Be(id);
        again.Attempt.Should().Be(1);
        again.Token.Should().NotBe(lost.Token);
        _queue.Report(_worker, lost).Value.Should().Equal(lost.Token);
    }

    [Fact]
    public void LeaseJobs_WhenSeveralAreNotListed_PutsThemBackInOrder()
    {
        var ids = _queue.SubmitMany(6);
        var granted = _queue.LeaseMany(_worker, 4);

        _queue.Ask(_worker, 1, held: QueueHarness.Held(granted[1]));

        var after = _queue.LeaseMany(_queue.NewWorker(), 6);
        _queue.Queue.Describe(ids[0]).State.Should().Be(JobState.Running);
        after.Select(job => job.Job).Should().Equal(ids[2], ids[3], ids[4], ids[5]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Abandon_ByTwoWorkers_PutsJobsBackInTheirOldOrder(bool secondFirst)
    {
        var other = _queue.NewWorker();
        var ids = _queue.SubmitMany(6);
        var one = _queue.LeaseMany(_worker, 2);
        var two = _queue.LeaseMany(other, 2);

        if (secondFirst) _queue.Abandon(other, false, [.. two]).Value.Should().Be(2);
        _queue.Abandon(_worker, false, [.. one.Reverse()]).Value.Should().Be(2);
        if (!secondFirst) _queue.Abandon(other, false, [.. two]);

        _queue.Queue.Describe(ids[0]).Position.Should().Be(1);
        _queue.Queue.Describe(ids[3]).Position.Should().Be(4);
        _queue.Queue.Describe(ids[5]).Position.Should().Be(6);
        _queue.LeaseMany(_worker, 6).Select(job => job.Job).Should().Equal(ids);
    }

    [Fact]
    public void Abandon_OfStaleLeases_CountsNone()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);
        _queue.Abandon(_worker, false, job);

        _queue.Abandon(_worker, false, job).Value.Should().Be(0);
        _queue.Abandon(_queue.NewWorker(), false, job).Value.Should().Be(0);
    }

    [Fact]
    public void Abandon_ByALeavingWorker_GivesEverythingBackAndEndsItsRequests()
    {
        _queue.SubmitMany(2);
        _queue.LeaseMany(_worker, 2);
        var watch = _queue.Watch(_worker);

        _queue.Abandon(_worker, leaving: true).Value.Should().Be(2);

        watch.Value.Should().BeEmpty();
        _queue.Counts.Queued.Should().Be(2);
        _queue.Counts.Capacity.Should().Be(0);
    }

    [Fact]
    public void LeaseJobs_ByALeavingWorker_GetsNothingAndAddsNoCapacity()
    {
        _queue.Submit();
        _queue.Ask(_worker);
        _queue.Abandon(_worker, leaving: true);

        _queue.Ask(_worker).Value.Jobs.Should().BeEmpty();
        _queue.Watch(_worker).Value.Should().BeEmpty();
        _queue.Counts.Capacity.Should().Be(0);
    }

    [Fact]
    public void Renew_InTime_KeepsTheLease()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);

        for (var at = 0; at < 20; at++)
        {
            _queue.Pass(3_000);
            _queue.Renew(_worker, QueueHarness.Held(job)).Value.Should().BeEmpty();
        }

        _queue.Complete(_worker, job);
        _queue.Counts.LostLeases.Should().Be(0);
    }

    [Fact]
    public void Renew_OfAnotherWorkersLease_SaysItIsLost()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);

        _queue.Renew(_queue.NewWorker(), QueueHarness.Held(job)).Value.Should().Equal(job.Token);
    }

    [Fact]
    public void Renew_WhileTheEndIsBeingWritten_SaysNothing()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);
        _queue.Report(_worker, job);
        _queue.Take();

        _queue.Renew(_worker, QueueHarness.Held(job)).Value.Should().BeEmpty();
    }

    [Fact]
    public void Tick_WhenALeaseRunsOut_RunsTheJobAgain()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);

        _queue.Pass(10_000);

        var again = _queue.Lease(_queue.NewWorker());
        again.Job.Should().Be(id);
        again.Attempt.Should().Be(2);
        _queue.Counts.LostLeases.Should().Be(1);
        _queue.Report(_worker, job).Value.Should().Equal(job.Token);
        _queue.Store.Ledger.Should().BeEmpty("nobody knows what the lost attempt used");
    }

    [Fact]
    public void Tick_WhenASilentWorkersLeasesRunOut_ChargesOnlyAsManyAsItHasSlots()
    {
        // Only of a function that is known to be short a worker gets more than it can run.
        _queue.Submit();
        _queue.Complete(_worker, _queue.Lease(_worker), ms: 1);
        var ids = _queue.SubmitMany(4);
        _queue.Ask(_worker, max: 4, slots: 2);

        _queue.Pass(10_000);

        _queue.LeaseMany(_queue.NewWorker(), 4).ToDictionary(job => job.Job, job => job.Attempt)
            .Should().Equal(new Dictionary<JobId, int> { [ids[0]] = 2, [ids[1]] = 2, [ids[2]] = 1, [ids[3]] = 1 });
    }

    [Fact]
    public void Disconnected_WhenNothingMoreIsHeard_LosesTheLeasesLongBeforeTheyRunOut()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);

        _queue.Queue.Disconnected(_worker, _queue.Now);
        _queue.Pass(_queue.Rules.ReconnectMs);

        _queue.Lease(_queue.NewWorker()).Job.Should().Be(id);
        _queue.Report(_worker, job).Value.Should().Equal([job.Token], "the late end is stale");
    }

    [Fact]
    public void Disconnected_WhenTheWorkerIsHeardOfAgain_ChangesNothing()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);

        _queue.Queue.Disconnected(_worker, _queue.Now);
        _queue.Pass(500);
        _queue.Renew(_worker, QueueHarness.Held(job)).Value.Should().BeEmpty();
        _queue.Pass(_queue.Rules.ReconnectMs * 3);

        _queue.Counts.LostLeases.Should().Be(0);
        _queue.Complete(_worker, job);
    }

    [Fact]
    public void Tick_AfterTheQueueStoodStill_GivesLeasesTheTimeBack()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);
        _queue.Tick();

        _queue.Jump(60_000);
        _queue.Tick();

        _queue.Counts.LostLeases.Should().Be(0);
        _queue.Complete(_worker, job);
    }

    [Fact]
    public void Tick_WhenAJobLosesItsWorkersTooOften_DeadLettersIt()
    {
        var id = _queue.Submit();

        for (var at = 0; at < _queue.Rules.LossLimit; at++)
        {
            _queue.Lease(_queue.NewWorker()).Attempt.Should().Be(at + 1);
            _queue.Pass(10_000);
        }

        _queue.StoredEnd(id).Should().Be(JobState.DeadLettered);
        _queue.Store.Find(id)!.Counts.Should().Be(new AttemptCounts(5, 0, 5));
    }

    [Fact]
    public void Tick_WhenAWorkerIsSilent_ForgetsItsCapacity()
    {
        _queue.Ask(_worker, total: 7, waitMs: 1_000);
        _queue.Counts.Capacity.Should().Be(7);

        _queue.Pass(_queue.Rules.WorkerMs + 1_000);

        _queue.Counts.Workers.Should().Be(0);
        _queue.Counts.Capacity.Should().Be(0);
    }

    [Fact]
    public void Drain_Always_EndsParkedRequestsAndStillTakesEnds()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);
        var asked = _queue.Ask(_queue.NewWorker());
        var watch = _queue.Watch(_worker);
        var wait = _queue.Wait(id);

        _queue.Queue.Drain();

        asked.Value.Jobs.Should().BeEmpty();
        watch.Value.Should().BeEmpty();
        wait.Value.Should().BeNull();
        _queue.Enqueue(_queue.Submission()).Error.Code.Should().Be(ErrorCode.Unavailable);
        _queue.Ask(_queue.NewWorker()).Value.Jobs.Should().BeEmpty();
        _queue.Wait(id).Value.Should().BeNull();
        _queue.Complete(_worker, job);
        _queue.StoredEnd(id).Should().Be(JobState.Succeeded);
        _queue.Queue.IsSettled.Should().BeTrue();
    }
}
