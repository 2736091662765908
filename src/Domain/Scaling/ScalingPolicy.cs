using System.Globalization;

namespace FaaS.Domain.Scaling;

/// <summary>
/// Decides how many workers there should be. Pure: the same samples at the same time give the same decision, and it
/// remembers nothing in between, so a restarted scaler only has to collect samples again.
/// </summary>
public abstract class ScalingPolicy
{
    /// <summary>Longer than a worker takes to find a queue that was started anew, and as long as a lease.</summary>
    private static readonly TimeSpan UnheardAfter = TimeSpan.FromSeconds(10);

    /// <summary>Checks the bounds.</summary>
    /// <param name="bounds">What it keeps to.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is outside of its range.</exception>
    protected ScalingPolicy(ScalingBounds bounds)
    {
        bounds.Validate();
        Bounds = bounds;
    }

    /// <summary>The word for it in settings, logs and answers.</summary>
    public abstract string Name { get; }

    /// <summary>How far back it looks: older samples need not be kept.</summary>
    public virtual TimeSpan Memory => Bounds.StaleAfter;

    /// <summary>What it keeps to.</summary>
    protected ScalingBounds Bounds { get; }

    /// <summary>Decides.</summary>
    /// <param name="samples">
    /// What was seen, oldest first, the newest last. Where times do not grow a clock was set, and what is before that is
    /// not looked at.
    /// </param>
    /// <param name="now">The time, by the clock of the samples.</param>
    public ScalingDecision Decide(IReadOnlyList<ScalingSample> samples, DateTimeOffset now)
    {
        if (samples.Count == 0)
            return Undecided(ScalingRule.Missing, null,
                "The queue has not said anything yet, so the workers are left as they are.", now);
        var newest = samples[^1];
        var age = now - newest.At;
        if (age < TimeSpan.Zero)
            return Undecided(ScalingRule.Stale, newest,
                "The newest sample is from the future: the clock was set back, so the workers are left as they are.", now);
        if (age > Bounds.StaleAfter)
            return Undecided(ScalingRule.Stale, newest,
                Text($"The queue was last heard {age.TotalSeconds:F0} s ago, so the workers are left as they are."), now);
        if (!newest.StoreAvailable)
            return Undecided(ScalingRule.StoreAway, newest,
                "The queue cannot store anything, so more workers would get no jobs and the wait says nothing.", now);
        var choice = Weigh(samples, newest);
        return Bound(choice.Target <= newest.Present && IsUnheard(newest) ? OneMore(newest) : choice, newest, now);
    }

    /// <summary>A decision to decide nothing, for a reason that samples do not show.</summary>
    /// <param name="rule">Which reason.</param>
    /// <param name="newest">The newest sample; null when there is none.</param>
    /// <param name="reason">The reason in a sentence.</param>
    /// <param name="now">The time.</param>
    public ScalingDecision Undecided(ScalingRule rule, ScalingSample? newest, string reason, DateTimeOffset now) =>
        new(now, Name, rule, newest?.Present ?? 0, null, null, reason, newest, null);

    /// <summary>Decides on a sample that is there and fresh; the bounds are applied to what it returns.</summary>
    /// <param name="samples">All samples, oldest first.</param>
    /// <param name="newest">The last of them.</param>
    protected abstract ScalingChoice Weigh(IReadOnlyList<ScalingSample> samples, ScalingSample newest);

    /// <summary>A text with numbers as every machine writes them.</summary>
    protected static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>A count with its noun.</summary>
    protected static string Count(long count, string noun) => Text($"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>
    /// A worker may hang, and still run for whoever started it. When none is heard any more, nothing that was measured
    /// asks for another one: no slot is taken, and nothing ends.
    /// </summary>
    private static bool IsUnheard(ScalingSample sample) =>
        sample is { ReadyWorkers: 0, Starting: 0, Workers: > 0, Queued: > 0 }
        && sample.OldestQueuedMs >= UnheardAfter.TotalMilliseconds;

    private static ScalingChoice OneMore(ScalingSample sample)
    {
        var target = (int)Math.Min(int.MaxValue, sample.Present + 1L);
        return new ScalingChoice(ScalingRule.Unheard, target, target, Text(
            $"{Count(sample.Workers, "worker")} should run, but the queue hears none, and the oldest job has waited {sample.OldestQueuedMs / 1000.0:F1} s: one more is started."));
    }

    private ScalingDecision Bound(ScalingChoice choice, ScalingSample newest, DateTimeOffset now)
    {
        var target = Math.Clamp(choice.Target, Bounds.WorkerMin, Bounds.WorkerMax);
        var reason = choice.Reason;
        if (choice.Target > target) reason += Text($" The most allowed is {Bounds.WorkerMax}.");
        if (choice.Target < target) reason += Text($" The fewest allowed is {Bounds.WorkerMin}.");
        // A rule that asked for a change the bounds forbid has decided nothing; the bounds have.
        var rule = target != choice.Target && target != newest.Present ? ScalingRule.Bounds : choice.Rule;
        return new ScalingDecision(
            now, Name, rule, newest.Present, choice.Desired, target, reason, newest, choice.Measures);
    }
}

/// <summary>What a policy chose, before the bounds.</summary>
/// <param name="Rule">What decided.</param>
/// <param name="Desired">Workers the load asks for.</param>
/// <param name="Target">Workers to have, within the policy's limits of speed.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Measures">What was measured, if anything.</param>
public sealed record ScalingChoice(
    ScalingRule Rule, int Desired, int Target, string Reason, ScalingMeasures? Measures = null);
