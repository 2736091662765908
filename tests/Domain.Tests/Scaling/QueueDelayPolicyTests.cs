using FaaS.Domain.Scaling;

namespace FaaS.Domain.Tests.Scaling;

public sealed class QueueDelayPolicyTests
{
    private readonly SampleFeed _feed = new();

    [Fact]
    public void Decide_OnASteadyFlow_WantsItsSlotsWithRoomToSpare()
    {
        // 40 a second of 300 ms keep 12 slots busy, 16 at 75 %: 8 workers of 2 slots.
        var decision = _feed.Workers(8).Flows(13, 40, 300).Decide();

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Enough && it.Desired == 8 && it.Target == 8);
        decision.Measures!.ArrivalsPerSecond.Should().BeApproximately(40, 0.1);
        decision.Measures.ServiceMs.Should().BeApproximately(300, 0.1);
        decision.Measures.BusySlots.Should().BeApproximately(12, 0.1);
        decision.Measures.SlotsPerWorker.Should().Be(2);
        decision.Measures.PredictedWaitMs.Should().Be(0);
    }

    [Fact]
    public void Decide_WhenTheFlowNeedsMore_SaysSo()
    {
        var decision = _feed.Workers(6).Flows(13, 40, 300).Decide();

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Flow && it.Target == 8);
        decision.Reason.Should().Contain("40 jobs a second of 300 ms").And.Contain("8 workers").And.Contain("there are 6");
    }

    [Fact]
    public void Decide_WithABacklog_WantsItGoneWithinTheTarget()
    {
        // 12 slots for the flow and 40 x 0.3 s / 2 s = 6 for those that wait: 18 slots.
        var decision = _feed.Workers(8).Flows(13, 40, 300).Change(sample => sample with { Queued = 40, InFlight = 16 }).Decide();

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Backlog && it.Desired == 9);
        decision.Measures!.PredictedWaitMs.Should().BeApproximately(750, 1);
    }

    [Fact]
    public void Decide_OnABacklogWithinTheRoomToSpare_ChangesNothing() =>
        _feed.Workers(8).Flows(13, 40, 300).Change(sample => sample with { Queued = 20 }).Decide().Target.Should().Be(8);

    [Theory]
    [InlineData(1, 0, 3)]
    [InlineData(3, 0, 7)]
    [InlineData(3, 4, 15)]
    [InlineData(40, 0, 64)]
    public void Decide_OnAHugeBacklog_AtMostDoublesAndOneMore(int workers, int starting, int target) =>
        _feed.Workers(workers, starting).Flows(13, 1, 300).Change(sample => sample with { Queued = long.MaxValue })
            .Decide().Target.Should().Be(target);

    [Fact]
    public void Decide_WhenWhatIsNeededIsBeingStarted_AsksForNoMore() =>
        _feed.Workers(3, starting: 5).Flows(13, 40, 300).Decide().Should()
            .Match<ScalingDecision>(it => it.Present == 8 && it.Target == 8 && it.Rule == ScalingRule.Enough);

    [Fact]
    public void Decide_WhenTheLoadIsGone_TakesAwayAtMostAQuarterAtATime()
    {
        _feed.Workers(20).Flows(30, 1, 10);

        _feed.Decide().Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Surplus && it.Target == 15 && it.Desired == 1);
        _feed.Workers(3).Flow(1, 10).Decide().Target.Should().Be(2);
    }

    [Fact]
    public void Decide_WithinAMinuteOfMoreLoad_KeepsWhatThatNeeded()
    {
        _feed.Workers(8).Flows(13, 40, 300).Flows(6, 4, 300);

        var decision = _feed.Decide();

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Settling && it.Target == 8 && it.Desired < 8);
    }

    [Fact]
    public void Decide_AfterLessLoadForAMinute_GoesDownToWhatTheMinuteNeeded()
    {
        _feed.Workers(8).Flows(13, 40, 300).Flows(13, 36, 300).Flows(13, 30, 300);

        // 30 x 0.3 s / 75 % = 12 slots now, and 36 a second when the minute began: 14.4 slots.
        _feed.Decide().Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Settling && it.Desired == 6);
        _feed.Flows(13, 30, 300).Decide().Should().Match<ScalingDecision>(it => it.Target == 6 && it.Rule == ScalingRule.Surplus);
    }

    [Fact]
    public void Decide_OnASuddenLoad_PanicsAndTakesNothingAwayForAMinute()
    {
        _feed.Workers(2).Flows(13, 5, 300).Flow(80, 300);

        var sudden = _feed.Decide();
        _feed.Workers(16).Flows(11, 5, 300);
        var after = _feed.Decide();

        // The panic window sees 80 a second, 32 slots at 75 %; the stable one only a twelfth of that.
        sudden.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Panic && it.Desired == 16 && it.Target == 5);
        after.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Panic && it.Target == 16);
        _feed.Flows(14, 5, 300).Decide().Target.Should().BeLessThan(16);
    }

    [Fact]
    public void Decide_WhenLongAttemptsHoldTheSlots_IsNotMisledByTheShortOnesThatEnded()
    {
        // A thousand attempts of 1 ms ended; for 10 s now the four slots are held by others that have not.
        _feed.Workers(2).Flows(10, 20, 1);
        for (var at = 1; at <= 2; at++)
            _feed.With(sample => sample with { InFlight = 4, RunningMs = at * 20_000, Queued = 10, OldestQueuedMs = 9_000 }).Flow(0, 1);

        var decision = _feed.Decide();

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Late && it.Target == 4);
        decision.Reason.Should().StartWith("The oldest job has waited 9.0 s and every slot is taken");
    }

    [Fact]
    public void Decide_WhenLongAttemptsKeepSlotsBusy_CountsTheSlotsBesideTheFlow()
    {
        // Twenty a second of 1 ms end; the eight slots are held by others for a minute, and nothing waits.
        _feed.Workers(4).Flows(2, 20, 1);
        for (var at = 1; at <= 13; at++)
            _feed.With(sample => sample with { InFlight = 8, RunningMs = at * 40_000 }).Flow(20, 1);

        _feed.Decide().Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Flow && it.Desired == 6 && it.Target == 6);
    }

    [Fact]
    public void Decide_WhenSamplesWereMissing_LeavesTheGapOutOfTheRates()
    {
        _feed.Workers(8).Flows(20, 40, 300).Flow(1, 300, seconds: 40).Flows(2, 40, 300);

        _feed.Decide().Measures.Should().Match<ScalingMeasures>(
            it => Math.Abs(it.ArrivalsPerSecond - 40) < 0.1 && Math.Abs(it.MeasuredSeconds - 20) < 0.1);
    }

    [Fact]
    public void Decide_WhenNothingHasEndedYet_TakesARunToLastAsLongAsItHas()
    {
        _feed.Workers(4).Add(Running(0, 0, 0)).Add(Running(5, 10, 8 * 2_500)).Add(Running(10, 20, 8 * 7_500));

        // 2 a second of at least 7.5 s and 12 that wait: (15 + 12 x 7.5 / 2) / 2.
        var decision = _feed.Decide();

        decision.Measures!.ServiceMs.Should().Be(7_500);
        decision.Desired.Should().Be(30);

        ScalingSample Running(int second, long arrived, long runningMs) => new(
            DateTimeOffset.UnixEpoch.AddSeconds(second), 4, 0, 1, Math.Max(0, arrived - 8), Math.Min(8, arrived), 0, 4, 8,
            arrived, 0, 0, runningMs);
    }

    [Fact]
    public void Decide_WhenTheQueueRestarts_NeitherSeesASurgeNorALull()
    {
        _feed.Workers(8).Flows(20, 40, 300).Restart().Flow(40, 300);

        _feed.Decide().Should().Match<ScalingDecision>(it => it.Target == 8);
        _feed.Flows(2, 40, 300).Restart().Flow(40, 300).Restart().Flow(40, 300);
        _feed.Decide().Should().Match<ScalingDecision>(it => it.Target == 8 && it.Measures!.ArrivalsPerSecond > 39.9);
    }

    [Fact]
    public void Decide_WhenLittleOfTheMinuteWasSeen_TakesNothingAway()
    {
        _feed.Workers(8).Flows(4, 1, 10);

        var decision = _feed.Decide();

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Learning && it.Target == 8);
        decision.Reason.Should().Contain("only 15 s of the last 60 s");
    }

    [Fact]
    public void Decide_OnTheFirstSample_StillAnswersABacklog() =>
        _feed.Workers(1).Flow(0, 1).Change(sample => sample with { Queued = 100 }).Decide()
            .Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Panic || it.Rule == ScalingRule.Backlog)
            .And.Match<ScalingDecision>(it => it.Target == 3);

    [Fact]
    public void Decide_WhenTheClockJumpsAhead_TakesNothingAway()
    {
        _feed.Workers(8).Flows(20, 40, 300).Flow(1, 300, seconds: 3_600).Flows(2, 40, 300);

        _feed.Decide().Should().Match<ScalingDecision>(it => it.Target == 8);
    }

    [Fact]
    public void Decide_WhenTheClockWasSetBackBetweenSamples_LooksOnlyAtThoseSince()
    {
        _feed.Workers(8).Flows(20, 40, 300).With(sample => sample with { At = sample.At.AddHours(-1) }).Flows(3, 1, 10);

        _feed.Decide().Should().Match<ScalingDecision>(
            it => it.Rule == ScalingRule.Learning && it.Target == 8 && it.Measures!.MeasuredSeconds == 10);
    }

    [Fact]
    public void Decide_WhenACounterFalls_DoesNotBelieveIt()
    {
        _feed.Workers(8).Flows(20, 40, 300).With(sample => sample with { Arrived = 0, BusyMs = 0 }).Flow(40, 300);

        _feed.Decide().Measures!.ArrivalsPerSecond.Should().BeApproximately(40, 0.1);
    }

    [Fact]
    public void Decide_WithNoLeastAndNothingToDo_StopsTheLastWorker()
    {
        var policy = new QueueDelayPolicy(new ScalingBounds { WorkerMin = 0 });

        _feed.Workers(1).Flows(30, 0, 1).Decide(policy).Target.Should().Be(0);
        _feed.Change(sample => sample with { InFlight = 1 }).Decide(policy).Target.Should().Be(1);
    }

    [Fact]
    public void Decide_WithNoWorkerAndAJob_StartsOne()
    {
        var policy = new QueueDelayPolicy(new ScalingBounds { WorkerMin = 0 });

        var decision = _feed.Workers(0).Flows(30, 0, 1).Change(sample => sample with { Queued = 1 }).Decide(policy);

        decision.Should().Match<ScalingDecision>(it => it.Target == 1 && it.Measures!.PredictedWaitMs == null);
    }

    [Fact]
    public void Decide_OnANoisyFlow_DoesNotFlap()
    {
        _feed.Workers(8).Flows(13, 40, 300);
        var workers = 8;
        var changes = new List<int>();
        for (var tick = 0; tick < 240; tick++)
        {
            _feed.Workers(workers).Flow(tick % 2 == 0 ? 34 : 46, 300);
            var target = _feed.Decide().Target!.Value;
            if (target != workers) changes.Add(target - workers);
            workers = target;
        }

        // Twenty minutes between 34 and 46 jobs a second, tick by tick.
        changes.Count.Should().BeLessThanOrEqualTo(2);
    }

    [Fact]
    public void Decide_OnSamplesEveryTenthOfASecond_IsTheSame()
    {
        for (var at = 0; at < 1_500; at++) _feed.Workers(8).Flow(40, 300, seconds: 0.1);

        _feed.Decide().Should().Match<ScalingDecision>(it => it.Desired == 8 && it.Target == 8);
    }

    [Fact]
    public void Decide_OnCountersAtTheirLimits_StaysWithinBounds()
    {
        _feed.Workers(int.MaxValue, int.MaxValue).Flow(1, 1).Add(new ScalingSample(
            _feed.Now.AddMilliseconds(1), int.MaxValue, int.MaxValue, 1, long.MaxValue, long.MaxValue, long.MaxValue,
            1, int.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue));

        _feed.Decide().Target.Should().Be(64);
    }

    public static TheoryData<QueueDelayOptions, string> Refused => new()
    {
        { new() { TargetWait = TimeSpan.Zero }, "TargetWait" },
        { new() { Utilisation = 1.01 }, "Utilisation" },
        { new() { Utilisation = double.NaN }, "Utilisation" },
        { new() { StableWindow = TimeSpan.FromSeconds(9) }, "StableWindow" },
        { new() { PanicWindow = TimeSpan.FromSeconds(61) }, "PanicWindow" },
        { new() { PanicThreshold = 1 }, "PanicThreshold" },
        { new() { AssumedService = TimeSpan.FromHours(2) }, "AssumedService" },
        { new() { AssumedSlots = 0 }, "AssumedSlots" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Constructor_OfAnOptionOutOfRange_NamesIt(QueueDelayOptions options, string property) =>
        FluentActions.Invoking(() => new QueueDelayPolicy(null, options)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName(property);
}
