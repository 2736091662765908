using FaaS.Domain.Jobs;
using FaaS.Domain.Tests.Simulation;
using FaaS.Domain.Users;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>What a user may have in the queue, and what it is told beyond that.</summary>
public sealed class JobQueueQuotaTests
{
    private const long DayMs = 24L * 3600 * 1000;

    // A lease outlasts any run, so that time can pass without renewals.
    private readonly QueueHarness _queue = new(new QueueRules { AdoptionMs = 0, LeaseMs = 300_000 });
    private readonly Guid _worker;

    public JobQueueQuotaTests() => _worker = _queue.NewWorker();

    [Fact]
    public void Enqueue_BeyondTheJobsThatMayWait_IsRefusedUntilOneLeaves()
    {
        Set(new Quotas { QueuedJobs = 2 });
        _queue.SubmitMany(2);

        var refused = Refusal();
        _queue.Lease(_worker);

        refused.Should().BeEquivalentTo(
            new { Code = ErrorCode.QuotaExceeded, Quota = "queuedJobs", Limit = 2L, RetryAfterSeconds = 60 });
        _queue.Submit();
        Refusal().Should().NotBeNull("two wait again");
        _queue.Submit("bob");
    }

    [Fact]
    public void Enqueue_InOneRequestBeyondTheLimit_TakesAsManyAsThereIsRoomFor()
    {
        Set(new Quotas { QueuedJobs = 3 });

        var answer = _queue.Enqueue([.. Enumerable.Range(0, 5).Select(_ => _queue.Submission())]);
        _queue.Commit();

        answer.Value.Count(error => error is null).Should().Be(3);
        _queue.Counts.Queued.Should().Be(3);
    }

    [Fact]
    public void Enqueue_OfAJobItHasAlready_IsThereLikeTheFirstTime()
    {
        Set(new Quotas { QueuedJobs = 1, SubmissionsPerSecond = 1 });
        var submission = _queue.Submission();
        _queue.Enqueue(submission);
        _queue.Commit();

        _queue.Enqueue(submission).Value.Should().Equal([null]);
    }

    [Fact]
    public void Enqueue_OfWhatTheStoreRefuses_TakesNoPlace()
    {
        Set(new Quotas { QueuedJobs = 1 });
        for (var at = 0; at < 3; at++)
        {
            var answer = _queue.Enqueue(_queue.Submission(function: World.MissingFunction));
            _queue.Commit();
            answer.Value.Single()!.Code.Should().Be(ErrorCode.FunctionNotFound);
        }

        _queue.Submit();
    }

    [Fact]
    public void Enqueue_WhenTheStoreIsAway_TakesNoPlace()
    {
        Set(new Quotas { QueuedJobs = 1 });
        var answer = _queue.Enqueue(_queue.Submission());
        _queue.Take();
        _queue.Finish(ErrorCode.NotDurable);
        _queue.Pass(2_000);

        answer.Value.Single()!.Code.Should().Be(ErrorCode.NotDurable);
        _queue.Submit();
    }

    [Fact]
    public void Enqueue_FasterThanTheRate_IsToldWhenToComeBack()
    {
        Set(new Quotas { SubmissionsPerSecond = 10 });
        _queue.SubmitMany(10);

        var refused = Refusal();
        _queue.Jump(100);

        refused.Should().BeEquivalentTo(new { Quota = "submissionsPerSecond", Limit = 10L, RetryAfterSeconds = 1 });
        _queue.Submit();
        Refusal().Should().NotBeNull("a tenth of a second is one job");
        _queue.Jump(60_000);
        _queue.SubmitMany(10);
        Refusal().Should().NotBeNull("more than a second's worth is never saved up");
    }

    [Fact]
    public void Enqueue_BeyondTheBytesThatMayBeKept_IsRefusedUntilTheyAreCountedAnew()
    {
        Set(new Quotas { StoredBytes = 100 }, storedBytes: 90);
        var last = _queue.Enqueue(_queue.Submission(arguments: new byte[10]));
        _queue.Commit();

        var refused = Refusal();
        Set(new Quotas { StoredBytes = 100 }, storedBytes: 20);

        last.Value.Should().Equal([null]);
        refused.Should().BeEquivalentTo(new { Quota = "storedBytes", Limit = 100L });
        _queue.Submit();
    }

    [Fact]
    public void Bytes_OfBodiesThatAreStoredApart_CountAtOnce()
    {
        Set(new Quotas { StoredBytes = 100_000 });
        var large = _queue.Submission() with { Arguments = new Body(null, Guid.NewGuid(), 60_000) };

        var taken = _queue.Enqueue(large);
        _queue.Commit();

        taken.Value.Should().Equal([null]);
        _queue.Enqueue(large with { Id = _queue.Submission().Id }).Value.Single().Should().BeEquivalentTo(new { Quota = "storedBytes" });
    }

    [Fact]
    public void CheckAdmission_SaysWhatEnqueueWouldAndUsesNothingUp()
    {
        Set(new Quotas { QueuedJobs = 1, SubmissionsPerSecond = 1, StoredBytes = 50 });
        for (var at = 0; at < 5; at++) _queue.Queue.CheckAdmission(QueueHarness.User, 10, _queue.Now).Should().BeNull();
        _queue.Queue.CheckAdmission(QueueHarness.User, 51, _queue.Now)!.Quota.Should().Be("storedBytes");
        _queue.Queue.CheckAdmission("stranger", 51, _queue.Now).Should().BeNull();

        _queue.Submit();

        _queue.Queue.CheckAdmission(QueueHarness.User, 1, _queue.Now).Should().Be(Refusal());
    }

    [Fact]
    public void AdoptTerms_OfAnOlderRevision_ChangesNothing()
    {
        Set(new Quotas { QueuedJobs = 1 }, revision: 5);

        _queue.Queue.AdoptTerms(Terms(new Quotas(), 4), _queue.Now).Should().Be(5);

        _queue.Submit();
        Refusal().Should().NotBeNull();
    }

    [Fact]
    public void AdoptDefaults_IsForThoseWhoHaveNoneOfTheirOwn()
    {
        _queue.Submit("bob");
        Set(new Quotas { QueuedJobs = 5 });

        _queue.Queue.AdoptDefaults(new Quotas { QueuedJobs = 1 });

        _queue.SubmitMany(5);
        Refusal("bob").Should().NotBeNull();
        _queue.Submit("new");
        Refusal("new").Should().NotBeNull();
    }

    [Fact]
    public void Lease_BeyondTheJobsThatMayRun_WaitsForOneToEnd()
    {
        Set(new Quotas { ConcurrentJobs = 2 });
        _queue.SubmitMany(10);

        var running = _queue.LeaseMany(_worker, 10);
        var more = _queue.Ask(_worker, 10, held: [.. running.Select(job => QueueHarness.Held(job))]);

        running.Should().HaveCount(2);
        more.IsThere.Should().BeFalse();
        _queue.Counts.Held.Should().Be(8, "more workers would not help");
        _queue.Counts.OldestQueuedMs.Should().Be(0);
        _queue.Complete(_worker, running[0]);
        more.Value.Jobs.Should().HaveCount(1);
    }

    [Fact]
    public void Lease_WhenTheUserIsRegisteredAnew_TheQuotasAreTheSame()
    {
        Set(new Quotas { QueuedJobs = 2 });
        _queue.SubmitMany(2);
        var old = _queue.CloseInStore(QueueHarness.User);
        _queue.Queue.CloseOwner(old);
        _queue.Pass(500);

        _queue.SubmitMany(2);

        Refusal().Should().NotBeNull();
    }

    [Fact]
    public void Enqueue_WhenTheBudgetIsUsedUp_IsRefusedUntilTheDayIsOver()
    {
        Set(new Quotas { MsPerDay = 100 });
        var id = _queue.Submit();
        _queue.Complete(_worker, _queue.Lease(_worker), ms: 100);

        var refused = Refusal();
        var secondsLeft = (DayMs - (_queue.Now.WallMs % DayMs) + 999) / 1000;

        _queue.StoredEnd(id).Should().Be(JobState.Succeeded);
        refused.Should().BeEquivalentTo(new { Quota = "msPerDay", Limit = 100L, RetryAfterSeconds = (int)secondsLeft });
        _queue.Jump(secondsLeft * 1000);
        _queue.Submit();
    }

    [Fact]
    public void Lease_WhenTheBudgetIsUsedUp_WaitsForTheNextDay()
    {
        Set(new Quotas { MsPerDay = 100 });
        _queue.SubmitMany(3);
        var first = _queue.Lease(_worker);
        first.Binding.Limits.Timeout.Should().Be(TimeSpan.FromMilliseconds(100), "no run gets more than there is");
        _queue.Complete(_worker, first, ms: 95);

        var parked = _queue.Ask(_worker);

        parked.IsThere.Should().BeFalse("5 ms are left, and a run takes 95");
        _queue.Counts.Held.Should().Be(2);
        _queue.Jump(DayMs);
        _queue.Tick();
        _queue.Lease(_worker).Should().NotBeNull();
    }

    [Fact]
    public void Lease_OfAFunctionThatTakesMoreThanTheBudget_GetsAllOfTheNextDays()
    {
        Set(new Quotas { MsPerDay = 100 });
        _queue.SubmitMany(2);
        // A kill takes its time: what is billed is more than what was promised, and more than any day will have.
        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.Timeout, ms: 150);

        _queue.Ask(_worker).IsThere.Should().BeFalse();
        _queue.Jump(DayMs);
        _queue.Tick();

        _queue.Lease(_worker).Binding.Limits.Timeout.Should().Be(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Lease_WhileOthersRun_PromisesNoTimeTwice()
    {
        Set(new Quotas { MsPerMonth = 90_000 });
        _queue.SubmitMany(5);

        var running = _queue.LeaseMany(_worker, 5);

        running.Select(job => job.Binding.Limits.Timeout.TotalSeconds).Should().Equal(60, 30);
        _queue.Complete(_worker, running[0], ms: 1_000);
        var next = _queue.Ask(_worker, 5, held: QueueHarness.Held(running[1])).Value.Jobs;
        next.Select(job => job.Binding.Limits.Timeout.TotalSeconds).Should().Equal(59);
    }

    [Fact]
    public void Report_OfARunThatTheBudgetCutShort_SaysSo()
    {
        Set(new Quotas { MsPerDay = 500 });
        var id = _queue.Submit();

        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.Timeout, ms: 500);

        var end = _queue.Commits.SelectMany(commit => commit.Ended).Single(end => end.Id == id);
        end.End.Error!.Text.Should().Be("TimeoutError: The user's budget of 500 ms (msPerDay) was used up while the function ran.");
    }

    [Fact]
    public void Budget_OfTheMonth_OutlivesTheDay()
    {
        Set(new Quotas { MsPerDay = 80, MsPerMonth = 160 });
        _queue.Submit();
        _queue.Complete(_worker, _queue.Lease(_worker), ms: 80);
        Refusal()!.Quota.Should().Be("msPerDay");

        _queue.Jump(DayMs);
        _queue.Submit();
        _queue.Complete(_worker, _queue.Lease(_worker), ms: 80);

        Refusal()!.Quota.Should().Be("msPerMonth", "the day's would be back before it");
        _queue.Jump(31 * DayMs);
        _queue.Submit();
    }

    [Fact]
    public void AdoptTerms_WithWhatTheLedgerHas_GoesOnFromThere()
    {
        var day = _queue.Now.WallMs / DayMs;
        _queue.Queue.AdoptTerms(
            Terms(new Quotas { MsPerDay = 100 }, 1) with { Used = new UsedTime(day, 90_000, 90_000) }, _queue.Now);
        _queue.Submit();

        var job = _queue.Lease(_worker);

        job.Binding.Limits.Timeout.Should().Be(TimeSpan.FromMilliseconds(10));
        _queue.Complete(_worker, job, ms: 10);
        Refusal()!.Quota.Should().Be("msPerDay");
    }

    [Fact]
    public void AdoptTerms_WithWhatTheLedgerHadYesterday_IsOfNoConcernToday()
    {
        var day = _queue.Now.WallMs / DayMs;
        _queue.Queue.AdoptTerms(
            Terms(new Quotas { MsPerDay = 100 }, 1) with { Used = new UsedTime(day - 1, 100_000, 100_000) }, _queue.Now);

        _queue.Submit();
    }

    [Fact]
    public void Budget_WhateverRunsAndEnds_IsNeverPassed()
    {
        var random = new Random(5);
        Set(new Quotas { MsPerDay = 200_000 });
        long used = 0;
        for (var round = 0; round < 300; round++)
        {
            _ = Refusal();
            _queue.Commit();
            var asked = _queue.Ask(_worker, random.Next(1, 4));
            foreach (var job in asked.IsThere ? asked.Value.Jobs : [])
            {
                var most = (long)job.Binding.Limits.Timeout.TotalMilliseconds;
                var ms = Math.Min(most, random.NextInt64(1, 70_000));
                used += ms;
                _queue.Pass(ms);
                _queue.Complete(_worker, job, ms == most ? Outcome.Timeout : Outcome.Success, ms);
            }
        }

        used.Should().BeInRange(140_000, 200_000);
    }

    private Error? Refusal(string user = QueueHarness.User) => _queue.Enqueue(_queue.Submission(user)) is { IsThere: true } answer
        ? answer.Value.Single()
        : null;

    private void Set(Quotas quotas, long revision = 1, long? storedBytes = null) =>
        _queue.Queue.AdoptTerms(Terms(quotas, revision) with { StoredBytes = storedBytes }, _queue.Now).Should().Be(revision);

    private static UserTerms Terms(Quotas quotas, long revision) => new(QueueHarness.User, revision, quotas, null, null);
}
