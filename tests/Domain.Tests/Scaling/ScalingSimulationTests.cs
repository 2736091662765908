using System.Diagnostics;
using FaaS.Tests.Shared.Scaling;

namespace FaaS.Domain.Tests.Scaling;

/// <summary>The figures that the default policy is held to, against the real queue in virtual time.</summary>
public sealed class ScalingSimulationTests(ITestOutputHelper output)
{
    private const int Seed = 1;

    [Fact]
    public void Probe()
    {
        foreach (var load in Loads.All(Seed))
        {
            var watch = Stopwatch.StartNew();
            var oracle = ScalingRuleUnderTest.Oracle(load);
            output.WriteLine($"{load.Name} {load.Jobs.Count} jobs {load.OfferedSlots:F1} slots, oracle {oracle.Rule} p99 {oracle.P99Ms:F0} {oracle.WorkerSeconds:F0} {watch.ElapsedMilliseconds} ms");
            foreach (var rule in new[] { ScalingRuleUnderTest.QueueDelay, ScalingRuleUnderTest.Doubling, ScalingRuleUnderTest.Hpa, ScalingRuleUnderTest.Kpa })
            {
                watch.Restart();
                var report = ScalingSimulation.Run(load, rule);
                output.WriteLine($"   {rule.Name} p50 {report.P50Ms:F1} p99 {report.P99Ms:F0} max {report.MaxMs:F0} ws {report.WorkerSeconds:F0} {report.WorkerSeconds / oracle.WorkerSeconds:F2} turns {report.TurnsPerMinute:F2} {report.WorstMinute} left {report.Unfinished} {watch.ElapsedMilliseconds} ms");
            }
        }
    }
}
