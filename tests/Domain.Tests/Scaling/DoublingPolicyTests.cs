using FaaS.Domain.Scaling;

namespace FaaS.Domain.Tests.Scaling;

public sealed class DoublingPolicyTests
{
    [Theory]
    [InlineData(33, 4, 8, ScalingRule.Backlog)]
    [InlineData(32, 4, 4, ScalingRule.Enough)]
    [InlineData(2, 4, 4, ScalingRule.Enough)]
    [InlineData(1, 4, 2, ScalingRule.Surplus)]
    [InlineData(0, 5, 2, ScalingRule.Surplus)]
    [InlineData(0, 1, 1, ScalingRule.Surplus)]
    [InlineData(1_000, 64, 64, ScalingRule.Backlog)]
    [InlineData(1_000, 40, 64, ScalingRule.Backlog)]
    [InlineData(long.MaxValue, 1, 2, ScalingRule.Backlog)]
    public void Decide_ByTheBacklogAlone_DoublesHalvesOrStays(long queued, int present, int target, ScalingRule rule)
    {
        var decision = Feed(queued, present).Decide(new DoublingPolicy());

        decision.Target.Should().Be(target);
        // At the most already: the rule stands, and the bound shows in the reason.
        decision.Rule.Should().Be(target != Unbounded(queued, present) && target != present ? ScalingRule.Bounds : rule);
        decision.Policy.Should().Be("doubling");
        decision.Reason.Should().EndWith(".");
    }

    [Fact]
    public void Decide_FromNone_StartsOne() =>
        Feed(100, 0).Decide(new DoublingPolicy(new ScalingBounds { WorkerMin = 0 })).Target.Should().Be(1);

    [Fact]
    public void Decide_WhenIdleAndNoneIsAllowed_StopsTheLast() =>
        Feed(0, 1).Decide(new DoublingPolicy(new ScalingBounds { WorkerMin = 0 })).Target.Should().Be(0);

    [Fact]
    public void Decide_WithWorkersBeingStarted_CountsThem() =>
        Feed(100, 2, starting: 4).Decide(new DoublingPolicy()).Target.Should().Be(12);

    [Theory]
    [InlineData(0, 2)]
    [InlineData(5, 6)]
    [InlineData(1_000_001, 2)]
    public void Constructor_OfThresholdsOutOfRange_Refuses(int max, int min) =>
        FluentActions.Invoking(() => new DoublingPolicy(null, new DoublingOptions { QueueMax = max, QueueMin = min }))
            .Should().Throw<ArgumentOutOfRangeException>();

    private static long Unbounded(long queued, int present) => queued > 32 ? 2 * present : queued < 2 ? present / 2 : present;

    private static SampleFeed Feed(long queued, int present, int starting = 0) => new SampleFeed()
        .Workers(present, starting).Flow(1, 100).Change(sample => sample with { Queued = queued });

    [Theory]
    [InlineData(0, 1, 0, 1)]
    [InlineData(0, 10, 0, 1)]
    [InlineData(1, 1, 0, 1)]
    [InlineData(1, 0, 1, 1)]
    [InlineData(1, 0, 0, 0)]
    [InlineData(0, 0, 0, 0)]
    public void Decide_WhereNoneMayBeLeft_KeepsOneWhileThereIsAnythingToDo(int workers, int queued, int inFlight, int target)
    {
        var policy = new DoublingPolicy(new ScalingBounds { WorkerMin = 0 });
        var feed = new SampleFeed().Workers(workers).Flow(1, 10)
            .Change(sample => sample with { Queued = queued, InFlight = inFlight });

        feed.Decide(policy).Target.Should().Be(target);
    }
}
