using FaaS.Domain.Scaling;

namespace FaaS.Domain.Tests.Scaling;

/// <summary>What holds for every policy.</summary>
public sealed class ScalingPolicyTests
{
    private static readonly ScalingBounds Fixed = new() { WorkerMin = 3, WorkerMax = 3 };

    public static TheoryData<string> Policies => ["doubling", "queue-delay"];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Decide_WithoutASample_LeavesTheFleetAlone(string name)
    {
        var decision = Create(name).Decide([], DateTimeOffset.UnixEpoch);

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Missing && it.Target == null && !it.IsChange);
        decision.Word.Should().Be("missing");
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Decide_OnAStaleSample_LeavesTheFleetAlone(string name)
    {
        var feed = Overload();

        Create(name).Decide(feed.Samples, feed.Now.AddSeconds(15)).Target.Should().NotBeNull();
        var decision = Create(name).Decide(feed.Samples, feed.Now.AddSeconds(15.1));

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Stale && it.Target == null && it.Present == 2);
        decision.Reason.Should().Contain("15 s ago");
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Decide_WhenTheClockWasSetBack_LeavesTheFleetAlone(string name)
    {
        var feed = Overload();

        var decision = Create(name).Decide(feed.Samples, feed.Now.AddHours(-1));

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Stale && it.Target == null);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Decide_WhenTheStoreIsAway_LeavesTheFleetAlone(string name)
    {
        var decision = Overload().Change(sample => sample with { StoreAvailable = false }).Decide(Create(name));

        decision.Should().Match<ScalingDecision>(it => it.Word == "store_away" && it.Target == null);
    }

    [Theory]
    [InlineData("doubling", 0)]
    [InlineData("doubling", 100_000)]
    [InlineData("queue-delay", 0)]
    [InlineData("queue-delay", 100_000)]
    public void Decide_WhenLeastAndMostAreTheSame_AlwaysWantsThat(string name, long queued)
    {
        foreach (var present in new[] { 0, 1, 3, 9, 5_000 })
            Overload(present).Change(sample => sample with { Queued = queued }).Decide(Create(name, Fixed)).Target
                .Should().Be(3);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Decide_WhenThereAreMoreThanAllowed_SaysThatTheBoundsDecided(string name)
    {
        var decision = Overload(5_000).Decide(Create(name));

        decision.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Bounds && it.Target == 64);
        decision.Reason.Should().EndWith("The most allowed is 64.");
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Decide_Twice_IsTheSameDecision(string name)
    {
        var policy = Create(name);
        var feed = Overload();

        var first = feed.Decide(policy);
        new SampleFeed().Workers(60).Flows(20, 1, 1).Decide(policy);

        feed.Decide(policy).Should().Be(first);
    }

    [Theory]
    [InlineData(-1, 5, 15, "WorkerMin")]
    [InlineData(6, 5, 15, "WorkerMin")]
    [InlineData(0, 0, 15, "WorkerMax")]
    [InlineData(1, 10_001, 15, "WorkerMax")]
    [InlineData(1, 5, 0.5, "StaleAfter")]
    [InlineData(1, 5, 3_601, "StaleAfter")]
    public void Constructor_OfBoundsOutOfRange_NamesTheProperty(int min, int max, double stale, string property)
    {
        var bounds = new ScalingBounds { WorkerMin = min, WorkerMax = max, StaleAfter = TimeSpan.FromSeconds(stale) };

        FluentActions.Invoking(() => new DoublingPolicy(bounds)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName(property);
        FluentActions.Invoking(() => new QueueDelayPolicy(bounds)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static ScalingPolicy Create(string name, ScalingBounds? bounds = null) =>
        name == "doubling" ? new DoublingPolicy(bounds) : new QueueDelayPolicy(bounds);

    private static SampleFeed Overload(int workers = 2) => new SampleFeed()
        .Workers(workers).Flows(3, 40, 500).Change(sample => sample with { Queued = 500, InFlight = 4 });

    [Theory]
    [InlineData("doubling")]
    [InlineData("queue-delay")]
    public void Decide_WhenNoWorkerIsHeardAndJobsWait_StartsOneMoreAtATime(string name)
    {
        ScalingPolicy policy = name == "doubling" ? new DoublingPolicy() : new QueueDelayPolicy();
        var feed = new SampleFeed().Workers(2).Flow(1, 10)
            .Change(sample => sample with { ReadyWorkers = 0, Slots = 0, Queued = 1, OldestQueuedMs = 10_000 });

        var hung = feed.Decide(policy);
        var starting = feed.Change(sample => sample with { Starting = 1 }).Decide(policy);
        var waiting = feed.Change(sample => sample with { Starting = 0, OldestQueuedMs = 9_999 }).Decide(policy);

        hung.Should().Match<ScalingDecision>(it => it.Rule == ScalingRule.Unheard && it.Target == 3);
        hung.Reason.Should().Be(
            "2 workers should run, but the queue hears none, and the oldest job has waited 10.0 s: one more is started.");
        starting.Rule.Should().NotBe(ScalingRule.Unheard);
        waiting.Rule.Should().NotBe(ScalingRule.Unheard);
    }
}
