using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobQueueEndTests
{
    private readonly QueueHarness _queue = new();
    private readonly Guid _worker = new(99, 0, 0, new byte[8]);

    [Theory]
    [InlineData(Outcome.Success, JobState.Succeeded)]
    [InlineData(Outcome.UserError, JobState.Failed)]
    [InlineData(Outcome.Timeout, JobState.Failed)]
    [InlineData(Outcome.MemoryExceeded, JobState.Failed)]
    [InlineData(Outcome.ResultTooLarge, JobState.Failed)]
    public void Complete_WithAnOutcomeOfTheFunctionsOwn_EndsTheJobAtOnce(Outcome outcome, JobState state)
    {
        var id = _queue.Submit();

        _queue.Complete(_worker, _queue.Lease(_worker), outcome);

        _queue.StoredEnd(id).Should().Be(state);
        _queue.Store.Ledger.Should().Equal((id, 1));
        _queue.Queue.Describe(id).Known.Should().BeFalse();
    }

    [Fact]
    public void Complete_Twice_IsAcceptedOnce()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);
        var first = _queue.Report(_worker, job);

        var whileInFlight = _queue.Report(_worker, job);
        _queue.Commit();
        var after = _queue.Report(_worker, job);

        first.Value.Should().BeEmpty();
        whileInFlight.Value.Should().Equal(job.Token);
        after.Value.Should().Equal(job.Token);
        _queue.Store.Ledger.Should().ContainSingle();
        _queue.Counts.StaleReports.Should().Be(2);
    }

    [Fact]
    public void Complete_ByAnotherWorker_IsStale()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);

        _queue.Report(_queue.NewWorker(), job).Value.Should().Equal(job.Token);
        _queue.Complete(_worker, job);
    }

    [Fact]
    public void Complete_OfSeveral_IsAnsweredWhenTheLastIsDurable()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, CommitRows = 1 });
        queue.SubmitMany(3);
        var jobs = queue.LeaseMany(_worker, 3);
        var stale = new AttemptReport(queue.NewId(), new LeaseToken(1, 77, 0), Simulation.World.End(Outcome.Success, 1));

        var answer = queue.Report(_worker,
            [stale, .. jobs.Select(job => new AttemptReport(job.Job, job.Token, Simulation.World.End(Outcome.Success, 1)))]);
        queue.Finish(queue.Take());
        queue.Finish(queue.Take());

        answer.IsThere.Should().BeFalse();
        queue.Finish(queue.Take());
        answer.Value.Should().Equal(stale.Token);
    }

    [Fact]
    public void Complete_WithAPlatformError_IsTriedAgainWithBackoffAndJitter()
    {
        var id = _queue.Submit();
        var delays = new List<long>();

        for (var attempt = 1; attempt < _queue.Rules.AttemptLimit; attempt++)
        {
            var job = _queue.Lease(_worker);
            job.Attempt.Should().Be(attempt);
            _queue.Complete(_worker, job, Outcome.PlatformError);
            _queue.Queue.Describe(id).State.Should().Be(JobState.Delayed);
            delays.Add(_queue.Store.Find(id)!.DueAtMs - _queue.Now.WallMs);
            _queue.Pass(2_000);
        }
        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.PlatformError);

        delays[0].Should().BeInRange(500, 1_000);
        delays[1].Should().BeInRange(1_000, 2_000);
        _queue.StoredEnd(id).Should().Be(JobState.DeadLettered);
        _queue.Store.Ledger.Should().Equal((id, 1), (id, 2), (id, 3));
    }

    [Fact]
    public void Complete_WithRetries_BacksOffNoLongerThanTheLimit()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, AttemptLimit = 40, MaxBackoffMs = 4_000 });
        var id = queue.Submit();
        var delays = new List<long>();

        for (var attempt = 1; attempt < 40; attempt++)
        {
            queue.Complete(_worker, queue.Lease(_worker), Outcome.PlatformError);
            delays.Add(queue.Store.Find(id)!.DueAtMs - queue.Now.WallMs);
            queue.Pass(5_000);
        }

        delays.Skip(3).Should().OnlyContain(delay => delay >= 2_000 && delay <= 4_000);
        delays.Distinct().Count().Should().BeGreaterThan(20, "retries are spread");
    }

    [Fact]
    public void Complete_WithTwoCrashes_MakesTheJobPoison()
    {
        var id = _queue.Submit();

        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.Crashed);
        _queue.Pass(2_000);
        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.Crashed);

        _queue.StoredEnd(id).Should().Be(JobState.DeadLettered);
        _queue.Store.Find(id)!.Counts.Should().Be(new AttemptCounts(2, 2, 0));
    }

    [Fact]
    public void Complete_WithAPlatformErrorAfterLostWorkers_IsTriedAgain()
    {
        var id = _queue.Submit();
        for (var at = 0; at < 4; at++)
        {
            _queue.Lease(_queue.NewWorker());
            _queue.Pass(10_000);
        }

        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.PlatformError);

        _queue.StoredEnd(id).Should().BeNull("lost workers count apart");
        _queue.Store.Find(id)!.Counts.Should().Be(new AttemptCounts(5, 0, 4));
    }

    [Fact]
    public void Complete_WithACrashAfterAPlatformError_IsTriedAgain()
    {
        var id = _queue.Submit();
        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.PlatformError);
        _queue.Pass(2_000);

        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.Crashed);

        _queue.StoredEnd(id).Should().BeNull();
        _queue.Queue.Describe(id).State.Should().Be(JobState.Delayed);
    }

    [Fact]
    public void Describe_OfQueuedJobs_TellsPositionAndEstimate()
    {
        _queue.Submit();
        var worker = _queue.NewWorker();
        _queue.Complete(worker, _queue.Lease(worker), ms: 100);
        var ids = _queue.SubmitMany(4);

        var last = _queue.Queue.Describe(ids[3]);

        last.Position.Should().Be(4);
        last.EstimatedWait.Should().BeGreaterThan(TimeSpan.Zero);
        _queue.Queue.Describe(_queue.NewId()).Known.Should().BeFalse();
    }

    [Fact]
    public void Cancel_OfAWaitingJob_EndsItUnbilled()
    {
        var id = _queue.Submit();

        var cancel = _queue.Cancel(id);
        cancel.IsThere.Should().BeFalse();
        _queue.Commit();

        cancel.Value.Should().BeTrue();
        _queue.StoredEnd(id).Should().Be(JobState.Cancelled);
        _queue.Store.Ledger.Should().BeEmpty();
    }

    [Fact]
    public void Cancel_OfARunningJob_TellsItsWorkerAndBillsWhatItSays()
    {
        var id = _queue.Submit();
        var watch = _queue.Watch(_worker);
        var job = _queue.Lease(_worker);

        var cancel = _queue.Cancel(id);
        watch.Value.Should().Equal(job.Token);
        _queue.Report(_worker, job, Outcome.Cancelled, 7).IsThere.Should().BeFalse();
        _queue.Commit();

        cancel.Value.Should().BeTrue();
        _queue.Commits[^1].Ended.Single().End.Usage.Wall.Should().Be(TimeSpan.FromMilliseconds(7));
        _queue.Store.Ledger.Should().Equal((id, 1));
    }

    [Fact]
    public void Cancel_OfARunningJob_KeepsWhatItLogged()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);
        var logs = Body.Of("[{\"text\":\"so far\"}]"u8.ToArray());
        _queue.Cancel(id);

        _queue.Report(_worker, new AttemptReport(
            job.Job, job.Token, Simulation.World.End(Outcome.Cancelled, 7) with { Logs = logs }));
        _queue.Commit();

        _queue.Commits[^1].Ended.Single().End.Logs.Should().Be(logs);
    }

    [Theory]
    [InlineData(true, 3_500)]
    [InlineData(false, 3_500)]
    public void Cancel_WhenTheWorkerIsSilent_BillsTheTimeSinceTheLease(bool saidItStarted, int ms)
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);
        if (saidItStarted) _queue.Renew(_worker, QueueHarness.Held(job));
        _queue.Pass(ms - 1_000);

        var cancel = _queue.Cancel(id);
        _queue.Pass(1_000);

        cancel.Value.Should().BeTrue();
        _queue.Commits[^1].Ended.Single().End.Usage.Wall.Should().Be(TimeSpan.FromMilliseconds(ms));
    }

    [Fact]
    public void Cancel_OfALeaseThatWasRenewedForLong_BillsNoMoreThanTheLimit()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);
        for (var minute = 0; minute < 30; minute++)
        {
            for (var seconds = 0; seconds < 60; seconds += 5)
            {
                _queue.Renew(_worker, QueueHarness.Held(job));
                _queue.Pass(5_000);
            }
        }

        _queue.Cancel(id);
        _queue.Pass(1_000);

        _queue.Commits[^1].Ended.Single().End.Usage.Wall.Should().Be(TimeSpan.FromSeconds(61), "the function may run for 60 s");
    }

    [Fact]
    public void Cancel_WhenTheFunctionReturnsFirst_StillCancels()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);
        var cancel = _queue.Cancel(id);

        _queue.Complete(_worker, job);

        cancel.Value.Should().BeTrue();
        _queue.StoredEnd(id).Should().Be(JobState.Cancelled);
    }

    [Fact]
    public void Cancel_WhileTheEndIsBeingWritten_DeletesTheFinishedJob()
    {
        var id = _queue.Submit();
        _queue.Report(_worker, _queue.Lease(_worker));
        var commit = _queue.Take();

        var cancel = _queue.Cancel(id);
        _queue.Finish(commit);
        cancel.IsThere.Should().BeFalse();
        _queue.Commit();

        cancel.Value.Should().BeTrue();
        _queue.Store.Find(id)!.Hidden.Should().BeTrue();
        _queue.StoredEnd(id).Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void Cancel_WhileARetryIsBeingWritten_EndsTheJobInstead()
    {
        var id = _queue.Submit();
        _queue.Report(_worker, _queue.Lease(_worker), Outcome.PlatformError);
        var commit = _queue.Take();

        var cancel = _queue.Cancel(id);
        _queue.Finish(commit);
        _queue.Commit();

        cancel.Value.Should().BeTrue();
        _queue.StoredEnd(id).Should().Be(JobState.Cancelled);
    }

    [Fact]
    public void Cancel_OfAFinishedJob_DeletesIt()
    {
        var id = _queue.Submit();
        _queue.Complete(_worker, _queue.Lease(_worker));

        var cancel = _queue.Cancel(id);
        var unknown = _queue.Cancel(_queue.NewId());
        _queue.Commit();

        cancel.Value.Should().BeTrue();
        unknown.Value.Should().BeFalse();
        _queue.Store.Find(id)!.Hidden.Should().BeTrue();
    }
}
