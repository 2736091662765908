using FaaS.Domain.Scaling;
using FaaS.Domain.Tests.Simulation;

namespace FaaS.Domain.Tests.Scaling;

/// <summary>What must hold whatever the samples say, tried with thousands of histories from fixed seeds.</summary>
public sealed class ScalingPropertyTests
{
    private const int Histories = 3_000;

    [Fact]
    public void Decide_OnAnyHistory_KeepsToItsBounds() => ForEach((policy, bounds, samples) =>
    {
        var decision = policy.Decide(samples, samples[^1].At);
        if (decision.Target is { } target) target.Should().BeInRange(bounds.WorkerMin, bounds.WorkerMax);
        decision.Reason.Should().EndWith(".").And.NotContain("NaN").And.NotContain("∞");
    });

    [Fact]
    public void Decide_OnAnyHistory_KeepsToItsSpeed() => ForEach((policy, bounds, samples) =>
    {
        var decision = policy.Decide(samples, samples[^1].At);
        var present = decision.Present;
        // From outside of the bounds the way back is not limited.
        if (policy is not QueueDelayPolicy || present < bounds.WorkerMin || present > bounds.WorkerMax) return;
        if (decision.Target is { } target) target.Should().BeInRange(present - Math.Max(1, present / 4), (2 * present) + 1);
    });

    [Fact]
    public void Decide_WithMoreBacklog_NeverWantsFewer() => ForEach((policy, _, samples) =>
    {
        var now = samples[^1].At;
        var before = policy.Decide(samples, now);
        foreach (var factor in new[] { 2, 10, 1_000 })
        {
            var after = policy.Decide(
                [.. samples.SkipLast(1), samples[^1] with { Queued = (samples[^1].Queued + 1) * factor }], now);
            if (before.Target is null) continue;
            after.Target.Should().BeGreaterThanOrEqualTo(before.Target.Value);
            after.Desired.Should().BeGreaterThanOrEqualTo(before.Desired!.Value);
            before = after;
        }
    });

    [Fact]
    public void Decide_WithinAMinuteOfPanic_TakesNothingAway() => ForEach((policy, bounds, samples) =>
    {
        var decision = policy.Decide(samples, samples[^1].At);
        if (decision.Rule == ScalingRule.Panic)
            decision.Target.Should().BeGreaterThanOrEqualTo(Math.Min(decision.Present, bounds.WorkerMax));
    });

    private static void ForEach(Action<ScalingPolicy, ScalingBounds, IReadOnlyList<ScalingSample>> check)
    {
        for (var seed = 1UL; seed <= Histories; seed++)
        {
            var random = new SimRandom(seed);
            var bounds = Bounds(random);
            ScalingPolicy policy = random.Chance(0.2) ? new DoublingPolicy(bounds) : new QueueDelayPolicy(bounds);
            var samples = History(random);
            try
            {
                check(policy, bounds, samples);
            }
            catch (Xunit.Sdk.XunitException failed)
            {
                throw new Xunit.Sdk.XunitException($"Seed {seed}: {failed.Message}");
            }
        }
    }

    private static ScalingBounds Bounds(SimRandom random)
    {
        var max = (int)random.Between(1, random.Pick([1, 5, 64, 1_000]));
        return new ScalingBounds { WorkerMin = (int)random.Between(0, max), WorkerMax = max };
    }

    private static List<ScalingSample> History(SimRandom random)
    {
        var samples = new List<ScalingSample>();
        var sample = new ScalingSample(DateTimeOffset.UnixEpoch.AddDays(1), 1, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0, 0);
        var scale = random.Pick([0L, 1L, 30L, 1_000L, 1_000_000L]);
        var workers = random.Pick([1, 8, 64, 200]);
        for (var left = random.Between(1, 40); left > 0; left--)
        {
            if (random.Chance(0.05)) scale = random.Pick([0L, 1L, 100L, 1_000_000_000_000L]);
            if (random.Chance(0.03)) sample = sample with { Epoch = sample.Epoch + 1, Arrived = 0, Attempts = 0, BusyMs = 0 };
            var ended = random.Between(0, scale);
            var ready = (int)random.Between(0, workers);
            sample = sample with
            {
                At = sample.At.AddMilliseconds(random.Chance(0.02) ? random.Between(-3_600_000, 3_600_000) : random.Between(4_000, 6_000)),
                Workers = (int)random.Between(0, workers), Starting = random.Chance(0.3) ? (int)random.Between(0, workers) : 0,
                ReadyWorkers = ready, Slots = ready * (int)random.Between(1, 4), Queued = random.Between(0, scale),
                InFlight = random.Between(0, ready * 4L), OldestQueuedMs = random.Chance(0.3) ? random.Between(0, 100_000) : 0,
                Arrived = sample.Arrived + random.Between(0, scale), Attempts = sample.Attempts + ended,
                BusyMs = sample.BusyMs + (ended * random.Between(0, 3_000)), RunningMs = random.Between(0, ready * 60_000L),
                StoreAvailable = !random.Chance(0.02),
            };
            samples.Add(sample);
        }
        return samples;
    }
}
