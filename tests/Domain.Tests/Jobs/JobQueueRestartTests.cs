using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobQueueRestartTests
{
    private static readonly QueueRules Split = new() { AdoptionMs = 2_000 };

    private readonly QueueHarness _old = new();
    private readonly Guid _worker = new(1, 0, 0, new byte[8]);

    [Fact]
    public void Restore_InPages_KeepsTheOrder()
    {
        var ids = _old.SubmitMany(5);

        var next = Restart(AdoptionMs(0));

        next.LeaseMany(_worker, 5).Select(job => job.Job).Should().Equal(ids);
    }

    [Fact]
    public void Restore_OfAJobItHolds_ChangesNothing()
    {
        _old.Submit();
        var unfinished = _old.Store.LoadUnfinished(0, 10).Single();

        _old.Restore(unfinished);

        _old.Counts.Restored.Should().Be(0);
        _old.Queue.Count.Should().Be(1);
    }

    [Fact]
    public void Enqueue_AfterARestart_GoesOnWithTheOrder()
    {
        _old.SubmitMany(3);

        var next = Restart(AdoptionMs(0));
        next.Enqueue(_old.Submission());
        next.Commit();

        next.Store.Jobs[^1].Row.Sequence.Should().Be(4);
    }

    [Fact]
    public void Enqueue_OfAJobThatWasStoredBeforeTheRestart_IsAcknowledged()
    {
        var submission = _old.Submission();
        _old.Enqueue(submission);
        _old.Store.Apply(new Simulation.StoreRecord.Commit(_old.Take()));

        var next = Restart(AdoptionMs(0));

        next.Enqueue(submission).Value.Should().Equal([null]);
        next.Store.Jobs.Should().ContainSingle();
    }

    [Fact]
    public void Dispatch_WhenNothingWasUnfinished_GrantsAtOnce()
    {
        var next = Restart(Split);
        next.Tick();

        var job = next.Submit();

        next.LeaseMany(_worker, 1).Single().Job.Should().Be(job, "no worker can be running anything that it would claim");
    }

    [Fact]
    public void Dispatch_AfterARestart_GrantsNothingUntilWorkersHadTimeToClaim()
    {
        _old.Submit();
        var next = Restart(Split);
        next.Tick();
        var asked = next.Ask(_worker);

        next.Pass(1_500);
        asked.IsThere.Should().BeFalse();
        next.Pass(500);

        asked.Value.Jobs.Should().ContainSingle();
    }

    [Fact]
    public void Dispatch_AfterALongReload_StillGivesWorkersTimeToClaim()
    {
        _old.SubmitMany(2);
        _old.Store.Apply(new Simulation.StoreRecord.TakeEpoch());
        var next = new QueueHarness(Split, epoch: 2, store: _old.Store);

        foreach (var job in next.Store.LoadUnfinished(0, 10))
        {
            next.Jump(8_000);
            next.Restore(job);
        }
        next.Tick();
        var asked = next.Ask(_worker);

        next.Pass(1_500);
        asked.IsThere.Should().BeFalse("workers were not heard before everything was read");
        next.Pass(500);
        asked.IsThere.Should().BeTrue();
    }

    [Fact]
    public void Dispatch_WhenAStrangerIsAdoptedLater_GoesOn()
    {
        var id = _old.Submit();
        _old.Store.Apply(new Simulation.StoreRecord.TakeEpoch());
        var next = new QueueHarness(Split, epoch: 2, store: _old.Store);
        next.Pass(2_500);

        next.Restore(_old.Store.LoadUnfinished(0, 10).Single());

        next.Lease(_worker).Job.Should().Be(id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Claim_OfAnEarlierLease_IsAdopted(bool byRenewal)
    {
        var id = _old.Submit();
        var held = QueueHarness.Held(_old.Lease(_worker));
        var next = Restart(Split);

        if (byRenewal) next.Renew(_worker, held).Value.Should().BeEmpty();
        else next.Ask(_worker, held: held);
        next.Pass(5_000);

        next.Queue.Describe(id).State.Should().Be(JobState.Running);
        next.Counts.Leases.Should().Be(0);
        next.Report(_worker, new AttemptReport(id, held.Token, Simulation.World.End(Outcome.Success, 1)));
        next.Commit();
        next.StoredEnd(id).Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void Complete_UnderAnEarlierLease_IsAccepted()
    {
        var id = _old.Submit();
        var job = _old.Lease(_worker);
        var next = Restart(Split);

        next.Complete(_worker, job);

        next.StoredEnd(id).Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void Claim_ByTwo_GoesToTheLaterGrant()
    {
        var second = _old.NewWorker();
        var id = _old.Submit();
        var first = _old.Lease(_worker);
        _old.Abandon(_worker, false, first);
        var later = _old.Lease(second);
        var next = Restart(Split);
        var watch = next.Watch(_worker);

        next.Renew(_worker, QueueHarness.Held(first)).Value.Should().BeEmpty();
        next.Renew(second, QueueHarness.Held(later)).Value.Should().BeEmpty();

        watch.Value.Should().Equal(first.Token);
        next.Renew(_worker, QueueHarness.Held(first)).Value.Should().Equal(first.Token);
        next.Report(_worker, first).Value.Should().Equal(first.Token);
        next.Complete(second, later);
        next.StoredEnd(id).Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void Claim_OfAJobGrantedSince_IsLost()
    {
        var second = _old.NewWorker();
        _old.Submit();
        var first = _old.Lease(_worker);
        var next = Restart(AdoptionMs(0));
        next.Lease(second);

        next.Renew(_worker, QueueHarness.Held(first)).Value.Should().Equal(first.Token);
        next.Report(_worker, first).Value.Should().Equal(first.Token);
        next.Counts.StaleReports.Should().Be(1);
    }

    [Fact]
    public void Claim_OfAJobThatWaitsForItsRetry_IsLost()
    {
        var id = _old.Submit();
        var job = _old.Lease(_worker);
        _old.Complete(_worker, job, Outcome.PlatformError);
        var next = Restart(Split);

        next.Renew(_worker, QueueHarness.Held(job)).Value.Should().Equal(job.Token);

        next.Queue.Describe(id).State.Should().Be(JobState.Delayed);
    }

    [Theory]
    [InlineData(Outcome.Crashed)]
    [InlineData(Outcome.Success)]
    public void Report_OfAnAttemptThatIsWrittenDown_IsStaleToTheNextQueue_ThoughItsRetryIsDue(Outcome outcome)
    {
        var id = _old.Submit();
        var job = _old.Lease(_worker);
        // Its answer is lost with the queue, so the worker sends it again.
        _old.Complete(_worker, job, Outcome.Crashed);
        var next = Restart(Split);
        next.Pass(1_500);
        next.Queue.Describe(id).State.Should().Be(JobState.Queued, "the pause before its retry is over, and nothing is granted yet");

        next.Report(_worker, job, outcome).Value.Should().Equal(job.Token);

        next.Pass(1_000);
        next.Lease(new Guid(2, 0, 0, new byte[8])).Attempt.Should().Be(2);
    }

    [Fact]
    public void Claim_OfARunningJobWhoseTimeToLiveIsOver_IsAdopted()
    {
        var id = _old.Submit(ttlMs: 500);
        var job = _old.Lease(_worker);
        _old.Renew(_worker, QueueHarness.Held(job));
        var next = Restart(Split);
        next.Pass(1_000);

        next.Renew(_worker, QueueHarness.Held(job)).Value.Should().BeEmpty("nobody has lost it");

        next.Queue.Describe(id).State.Should().Be(JobState.Running);
        next.Complete(_worker, job);
        next.StoredEnd(id).Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void Claim_OfALaterQueuesLease_IsNotJudgedByTheOldOne()
    {
        _old.Submit();
        var next = Restart(AdoptionMs(0));
        var job = next.Lease(_worker);

        _old.Renew(_worker, QueueHarness.Held(job)).Value.Should().BeEmpty("the old queue is the one that is wrong");
        _old.Report(_worker, job).Error.Code.Should().Be(ErrorCode.Unavailable);
        next.Complete(_worker, job);
    }

    [Fact]
    public void Restore_OfARetriedJob_HasNoTimeToLiveAnyMore()
    {
        var id = _old.Submit(ttlMs: 60_000);
        _old.Complete(_worker, _old.Lease(_worker), Outcome.PlatformError);
        var next = Restart(AdoptionMs(0));

        next.Pass(120_000);

        next.Queue.Describe(id).State.Should().Be(JobState.Queued);
        next.Lease(_worker).Attempt.Should().Be(2);
    }

    private static QueueRules AdoptionMs(int ms) => new() { AdoptionMs = ms };

    private QueueHarness Restart(QueueRules rules)
    {
        _old.Store.Apply(new Simulation.StoreRecord.TakeEpoch());
        var next = new QueueHarness(rules, _old.Store.Epoch, _old.Store, _old.Store.LastSequence);
        foreach (var job in next.Store.LoadUnfinished(0, 1_000)) next.Restore(job);
        return next;
    }
}
