using FaaS.Domain.Scaling;
using FaaS.Tests.Shared.Scaling;

namespace FaaS.Domain.Tests.Scaling;

/// <summary>The figures that the default policy is held to, with the real queue in virtual time.</summary>
public sealed class ScalingSimulationTests(ITestOutputHelper output)
{
    private const double TargetMs = 2_000;

    public static TheoryData<int> Seeds => [1, 2];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void QueueDelay_OnASteadyLoad_MeetsItsTargetAtLittleMoreThanTheLeastCost(int seed)
    {
        var load = Loads.Steady(seed);
        var oracle = ScalingRuleUnderTest.Oracle(load, TargetMs);

        var report = Run(load, ScalingRuleUnderTest.QueueDelay);

        report.P99Ms.Should().BeLessThanOrEqualTo(TargetMs);
        report.WorkerSeconds.Should().BeLessThanOrEqualTo(1.3 * oracle.WorkerSeconds);
        report.WorstMinute.Should().BeLessThanOrEqualTo(2);
        report.TurnsPerMinute.Should().BeLessThan(1);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void QueueDelay_OverADay_MeetsItsTargetAtLittleMoreThanTheLeastCost(int seed)
    {
        var load = Loads.Diurnal(seed);
        var oracle = ScalingRuleUnderTest.Oracle(load, TargetMs);

        var report = Run(load, ScalingRuleUnderTest.QueueDelay);

        report.P99Ms.Should().BeLessThanOrEqualTo(TargetMs);
        report.WorkerSeconds.Should().BeLessThanOrEqualTo(1.3 * oracle.WorkerSeconds);
    }

    [Fact]
    public void QueueDelay_OnEveryLoad_KeepsItsPromisesAndLosesNothing()
    {
        var bounds = new ScalingBounds();
        foreach (var load in Loads.All(3))
        {
            var report = Run(load, ScalingRuleUnderTest.QueueDelay);

            report.Unfinished.Should().Be(0, load.Name);
            report.WorstMinute.Should().BeLessThanOrEqualTo(2, load.Name);
            foreach (var decision in report.Decisions)
                decision.Target.Should().BeInRange(
                    Math.Max(bounds.WorkerMin, decision.Present - Math.Max(1, decision.Present / 4)),
                    Math.Min(bounds.WorkerMax, (2 * decision.Present) + 1), decision.Reason);
        }
    }

    [Fact]
    public void QueueDelay_AfterAStep_DoublesUntilThereIsEnoughAndComesBack()
    {
        var report = Run(Loads.Step(1), ScalingRuleUnderTest.QueueDelay);

        // Ten times the load at 300 s: enough of them half a minute later; the old number some minutes after 900 s.
        At(290).Workers.Should().BeLessThanOrEqualTo(2);
        At(330).Workers.Should().BeGreaterThanOrEqualTo(10);
        At(390).Queued.Should().BeLessThan(20);
        At(1_200).Workers.Should().BeLessThanOrEqualTo(2);

        PlotPoint At(long second) => report.Points.First(point => point.Second >= second);
    }

    [Fact]
    public void Doubling_OnASteadyLoad_SwingsAndIsLate()
    {
        // Not a promise, but the reason why it is not the default: if it passed, the comparison would say nothing.
        var report = Run(Loads.Steady(1), ScalingRuleUnderTest.Doubling);

        report.P99Ms.Should().BeGreaterThan(TargetMs);
        report.WorstMinute.Should().BeGreaterThan(2);
    }

    [Fact]
    public void Simulation_OfTheSameLoad_IsTheSameRun()
    {
        var first = Run(Loads.Bursts(5), ScalingRuleUnderTest.QueueDelay);
        var second = Run(Loads.Bursts(5), ScalingRuleUnderTest.QueueDelay);

        second.Points.Should().Equal(first.Points);
        second.WorkerSeconds.Should().Be(first.WorkerSeconds);
        second.Decisions.Select(decision => decision.Reason).Should().Equal(first.Decisions.Select(decision => decision.Reason));
    }

    private SimulationReport Run(JobLoad load, ScalingRuleUnderTest rule)
    {
        var report = ScalingSimulation.Run(load, rule);
        output.WriteLine(FormattableString.Invariant(
            $"{load.Name}, {rule.Name}: p99 {report.P99Ms:F0} ms, {report.WorkerSeconds:F0} worker-seconds, {report.TurnsPerMinute:F2} turns a minute, {report.WorstMinute} in the worst"));
        return report;
    }
}
