using static System.FormattableString;

namespace FaaS.Domain.Scaling;

/// <summary>
/// As many workers as keep the predicted wait under its target. With λ arrivals a second, S seconds of service each, b
/// slots in use, Q jobs waiting, a target of T seconds and a utilisation of ρ, the load is <c>a = max(λS, b)</c> slots
/// (Little's law, 1961, and what is seen of it), and <c>max(a / ρ, a + QS / T)</c> slots are wanted: the flow with room
/// for its unevenness, or the flow and the backlog within the target, whichever is more.
/// </summary>
/// <remarks>
/// Two windows, as in Knative's autoscaler: the stable one decides, unless the panic window asks for a multiple of what is
/// there; then for a stable window's length the larger of both decides and nothing is taken away. Up by at most double
/// plus one, down by at most a quarter (but one) and never below what any sample of the last stable window asked for.
/// </remarks>
public sealed class QueueDelayPolicy : ScalingPolicy
{
    /// <summary>The share of the stable window that must have been seen before anything is taken away.</summary>
    private const double SeenShare = 0.75;

    private readonly QueueDelayOptions _options;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside of its range.</exception>
    public QueueDelayPolicy(ScalingBounds? bounds = null, QueueDelayOptions? options = null)
        : base(bounds ?? new ScalingBounds())
    {
        _options = options ?? new QueueDelayOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    public override string Name => "queue-delay";

    /// <summary>The last stable window's samples, and a stable window before the first of them.</summary>
    public override TimeSpan Memory => (2 * _options.StableWindow) + Bounds.StaleAfter;

    /// <inheritdoc/>
    protected override ScalingChoice Weigh(IReadOnlyList<ScalingSample> samples, ScalingSample newest)
    {
        var history = new SampleHistory(samples, Memory, Bounds.StaleAfter);
        var need = NeedAt(history, history.Last);
        var recent = history.First(history.Last, _options.StableWindow);
        var panic = false;
        var settled = 0;
        for (var at = recent; at <= history.Last; at++)
        {
            var earlier = at == history.Last ? need : NeedAt(history, at);
            settled = Math.Max(settled, earlier.Stable);
            panic |= IsPanic(earlier, history[at].Present);
        }
        var desired = panic ? Math.Max(need.Stable, need.Panic) : need.Stable;
        var measures = Measure(need, newest);
        if (desired > newest.Present) return Up(need, panic, desired, newest, measures);
        if (desired == newest.Present)
            return new ScalingChoice(ScalingRule.Enough, desired, desired,
                desired == 0
                    ? "There is nothing to do, and no worker."
                    : Invariant($"{Flow(need)} keep {Count(desired, "worker")} as busy as they should be."), measures);
        return Down(need, panic, desired, settled, newest, measures);
    }

    private bool IsPanic(Need need, int present) => need.Panic >= _options.PanicThreshold * Math.Max(1, present);

    /// <summary>What the load asked for when a sample was the newest.</summary>
    private Need NeedAt(SampleHistory history, int at)
    {
        var sample = history[at];
        var stable = history.Window(at, _options.StableWindow);
        var panic = history.Window(at, _options.PanicWindow);
        var serviceS = ServiceSeconds(stable, history.Until(at), sample);
        var perWorker = SlotsPerWorker(history, at);
        var slotsStable = Slots(stable, serviceS, sample.Queued);
        var slotsPanic = Slots(panic, serviceS, sample.Queued);
        var late = LateWorkers(sample);
        // One worker at least while there is anything to do: with WorkerMin = 0 nothing else would start it.
        var floor = sample.Queued > 0 || sample.InFlight > 0 ? 1 : 0;
        return new Need(
            Math.Max(Math.Max(floor, late), Workers(slotsStable.Wanted, perWorker)),
            Math.Max(Math.Max(floor, late), Workers(slotsPanic.Wanted, perWorker)),
            late > Workers(slotsStable.Wanted, perWorker), slotsStable.Flow < slotsStable.Wanted,
            stable, serviceS, perWorker);
    }

    /// <summary>
    /// Mean wall time of an attempt: of those that ended in the stable window, else in memory. When none has, those under
    /// way have taken at least as long as they have.
    /// </summary>
    private double ServiceSeconds(Totals stable, Totals known, ScalingSample sample)
    {
        if (stable.Ended > 0) return stable.BusyMs / stable.Ended / 1000;
        if (known.Ended > 0) return known.BusyMs / known.Ended / 1000;
        var running = Math.Max(1, Math.Min(sample.InFlight, sample.Slots));
        return Math.Max(_options.AssumedService.TotalSeconds, sample.RunningMs / 1000.0 / running);
    }

    private double SlotsPerWorker(SampleHistory history, int at)
    {
        for (; at >= 0; at--)
            if (history[at] is { ReadyWorkers: > 0, Slots: > 0 } sample) return (double)sample.Slots / sample.ReadyWorkers;
        return _options.AssumedSlots;
    }

    private (double Flow, double Wanted) Slots(Totals window, double serviceS, long queued)
    {
        var load = Math.Max(window.ArrivalRate * serviceS, window.BusySlots);
        var flow = load / _options.Utilisation;
        return (flow, Math.Max(flow, load + (Math.Max(0, queued) * serviceS / _options.TargetWait.TotalSeconds)));
    }

    /// <summary>
    /// When every slot is taken and jobs wait too long all the same, what was measured misleads: a few long attempts
    /// hold the slots, and have not ended yet. Then the ready workers are scaled by the wait itself, up to twice. An owner
    /// may be kept from one slot, so one less counts as every slot.
    /// </summary>
    private int LateWorkers(ScalingSample sample)
    {
        var late = sample.OldestQueuedMs / _options.TargetWait.TotalMilliseconds;
        if (late <= 1 || sample.Queued <= 0 || sample.InFlight < Math.Max(1, sample.Slots - 1)) return 0;
        return RoundUp(sample.ReadyWorkers * Math.Min(2, late));
    }

    private ScalingChoice Up(Need need, bool panic, int desired, ScalingSample newest, ScalingMeasures measures)
    {
        var fastest = (int)Math.Min(int.MaxValue, (2L * newest.Present) + 1);
        var target = Math.Min(desired, fastest);
        var rule = need.IsLate ? ScalingRule.Late
            : panic && need.Panic > need.Stable ? ScalingRule.Panic
            : need.IsBacklog ? ScalingRule.Backlog : ScalingRule.Flow;
        var cause = rule switch
        {
            ScalingRule.Late => Invariant(
                $"The oldest job has waited {newest.OldestQueuedMs / 1000.0:F1} s and every slot is taken"),
            ScalingRule.Panic =>
                $"The last {Seconds(_options.PanicWindow)} of load are well above the average of the last {Seconds()}",
            ScalingRule.Backlog => Invariant($"{Count(newest.Queued, "job")} wait beside {Flow(need)}"),
            _ => Flow(need),
        };
        var limit = target < desired ? Invariant($"; at once at most double and one more, which makes {target}") : "";
        return new ScalingChoice(rule, desired, target,
            $"{cause}: {Count(desired, "worker")} would keep the wait under {Seconds(_options.TargetWait)}"
            + Invariant($", there are {newest.Present}{limit}."), measures);
    }

    private ScalingChoice Down(
        Need need, bool panic, int desired, int settled, ScalingSample newest, ScalingMeasures measures)
    {
        var present = newest.Present;
        var fewer = Invariant($"{Flow(need)} need only {Count(desired, "worker")} of {present}");
        if (panic)
            return new ScalingChoice(ScalingRule.Panic, desired, present,
                $"{fewer}, but there was a sudden load within {Seconds()}, so all stay.", measures);
        if (need.Window.Seconds < _options.StableWindow.TotalSeconds * SeenShare)
            return new ScalingChoice(ScalingRule.Learning, desired, present,
                Invariant($"{fewer}, but only {need.Window.Seconds:F0} s of the last {Seconds()} were seen, so all stay."),
                measures);
        if (settled >= present)
            return new ScalingChoice(ScalingRule.Settling, desired, present,
                Invariant($"{fewer}, but {settled} were needed within {Seconds()}, so all stay."), measures);
        var target = Math.Max(settled, present - Math.Max(1, present / 4));
        var limit = target > settled ? "; at most a quarter goes at once" : "";
        return new ScalingChoice(ScalingRule.Surplus, desired, target,
            Invariant($"{fewer}, and no more than {settled} within {Seconds()}{limit}, which leaves {target}."),
            measures);
    }

    private string Seconds() => Seconds(_options.StableWindow);

    private static string Seconds(TimeSpan span) => Invariant($"{span.TotalSeconds:0.##} s");

    private static string Flow(Need need) => Invariant(
        $"{need.Window.ArrivalRate:0.##} jobs a second of {need.ServiceS * 1000:0.#} ms ({need.Window.BusySlots:F1} slots busy)");

    private static ScalingMeasures Measure(Need need, ScalingSample newest)
    {
        var slots = newest.Present * need.PerWorker;
        return new ScalingMeasures(
            need.Window.ArrivalRate, need.ServiceS * 1000, need.Window.BusySlots, need.PerWorker,
            slots > 0 ? Math.Max(0, newest.Queued) * need.ServiceS * 1000 / slots : null, need.Window.Seconds);
    }

    private static int Workers(double slots, double perWorker) => RoundUp(slots / perWorker);

    /// <summary>Up to a whole number, but not for a rounding error's sake, and never beyond what any bound allows.</summary>
    private static int RoundUp(double workers) => (int)Math.Ceiling(Math.Clamp(workers, 0, ScalingBounds.MostWorkers) - 1e-9);

    private readonly record struct Need(
        int Stable, int Panic, bool IsLate, bool IsBacklog, Totals Window, double ServiceS, double PerWorker);
}
