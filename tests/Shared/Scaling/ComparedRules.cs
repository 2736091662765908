using FaaS.Domain.Scaling;

namespace FaaS.Tests.Shared.Scaling;

/// <summary>A rule to be run.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="IntervalSeconds">How often it is asked.</param>
/// <param name="StartWorkers">Workers that are ready when the load begins.</param>
/// <param name="Create">Makes one that has seen nothing.</param>
internal sealed record ScalingRuleUnderTest(
    string Name, double IntervalSeconds, int StartWorkers, Func<ScalingPolicy> Create)
{
    public static ScalingRuleUnderTest QueueDelay { get; } = new("queue-delay", 5, 1, () => new QueueDelayPolicy());

    public static ScalingRuleUnderTest Doubling { get; } = new("doubling", 5, 1, () => new DoublingPolicy());

    public static ScalingRuleUnderTest Hpa { get; } = new("HPA-like", 15, 1, () => new HpaPolicy());

    public static ScalingRuleUnderTest Kpa { get; } = new("KPA-like", 2, 1, () => new KpaPolicy());

    /// <summary>Always the same number, and all of them ready from the beginning.</summary>
    public static ScalingRuleUnderTest Fixed(int workers) => new(
        $"fixed {workers}", 5, workers, () => new DoublingPolicy(new ScalingBounds { WorkerMin = workers, WorkerMax = workers }));

    /// <summary>
    /// Knows the load beforehand: the smallest fixed number whose 99th percentile is within the target, or the most there
    /// may be when none is.
    /// </summary>
    public static SimulationReport Oracle(JobLoad load, double targetMs = 2_000, SimulationSettings? settings = null)
    {
        var (low, high) = (1, new ScalingBounds().WorkerMax);
        var best = ScalingSimulation.Run(load, Fixed(high), settings);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var report = ScalingSimulation.Run(load, Fixed(middle), settings);
            if (report.P99Ms <= targetMs) (best, high) = (report, middle);
            else low = middle + 1;
        }
        return best;
    }
}

/// <summary>
/// In the manner of Kubernetes' HorizontalPodAutoscaler on utilisation, with its defaults: every 15 s the ready workers
/// times utilisation over its target, a tolerance of a tenth, up by four or double, down only to the largest wish of
/// the last five minutes.
/// </summary>
internal sealed class HpaPolicy() : ScalingPolicy(new ScalingBounds { StaleAfter = TimeSpan.FromMinutes(1) })
{
    private const double Target = 0.75;
    private const double Tolerance = 0.1;
    private readonly List<(DateTimeOffset At, int Wish)> _wishes = [];

    public override string Name => "hpa";

    protected override ScalingChoice Weigh(IReadOnlyList<ScalingSample> samples, ScalingSample newest)
    {
        var ratio = Utilisation(samples) / Target;
        var wish = Math.Abs(ratio - 1) <= Tolerance ? newest.Present : (int)Math.Ceiling(newest.ReadyWorkers * ratio);
        _wishes.Add((newest.At, wish));
        _wishes.RemoveAll(earlier => newest.At - earlier.At > TimeSpan.FromMinutes(5));
        var target = Math.Min(
            Math.Max(wish, Math.Min(newest.Present, _wishes.Max(earlier => earlier.Wish))), Math.Max(newest.Present + 4, 2 * newest.Present));
        return new ScalingChoice(ScalingRule.Flow, wish, target, Text($"Utilisation is {ratio:F2} of its target."));
    }

    private static double Utilisation(IReadOnlyList<ScalingSample> samples)
    {
        if (samples.Count < 2 || samples[^1].Slots == 0) return Target;
        var (from, to) = (samples[^2], samples[^1]);
        var heldMs = to.BusyMs + to.RunningMs - from.BusyMs - from.RunningMs;
        return Math.Clamp(heldMs / (to.At - from.At).TotalMilliseconds / to.Slots, 0, 1);
    }
}

/// <summary>
/// In the manner of Knative's autoscaler on concurrency, with its defaults: every 2 s, jobs running and waiting over
/// 70 % of a worker's slots, averaged over 60 s, or over 6 s while that asks for twice what is ready and for a minute
/// after; then never down, else at most by half.
/// </summary>
internal sealed class KpaPolicy() : ScalingPolicy(new ScalingBounds())
{
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Panic = TimeSpan.FromSeconds(6);
    private DateTimeOffset _panicUntil;
    private int _panicWorkers;

    public override string Name => "kpa";

    public override TimeSpan Memory => Stable;

    protected override ScalingChoice Weigh(IReadOnlyList<ScalingSample> samples, ScalingSample newest)
    {
        var ready = Math.Max(1, newest.ReadyWorkers);
        var perWorker = 0.7 * Math.Max(1, newest.Slots) / ready;
        var stable = Wish(samples, newest, Stable, perWorker);
        var panic = Wish(samples, newest, Panic, perWorker);
        if (panic >= 2 * ready) _panicUntil = newest.At + Stable;
        if (newest.At >= _panicUntil) _panicWorkers = 0;
        else _panicWorkers = Math.Max(_panicWorkers, Math.Max(panic, newest.Present));
        var wish = Math.Max(stable, _panicWorkers);
        return new ScalingChoice(ScalingRule.Flow, wish, Math.Max(wish, ready / 2), "Concurrency over its target.");
    }

    private static int Wish(IReadOnlyList<ScalingSample> samples, ScalingSample newest, TimeSpan window, double perWorker) =>
        (int)Math.Ceiling(samples.Where(sample => newest.At - sample.At < window)
            .Average(sample => (double)sample.InFlight + sample.Queued) / perWorker);
}
