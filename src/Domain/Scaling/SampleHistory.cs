namespace FaaS.Domain.Scaling;

/// <summary>What was counted over a span of time.</summary>
/// <param name="Seconds">How much of the span was seen.</param>
/// <param name="Arrived">Jobs that came.</param>
/// <param name="Ended">Attempts that ended.</param>
/// <param name="BusyMs">Wall time of the attempts that ended, in ms.</param>
/// <param name="HeldMs">Slot time used, by attempts that ended and by those under way, in ms.</param>
internal readonly record struct Totals(double Seconds, double Arrived, double Ended, double BusyMs, double HeldMs)
{
    /// <summary>Jobs that came a second.</summary>
    public double ArrivalRate => Seconds > 0 ? Arrived / Seconds : 0;

    /// <summary>Slots in use on average.</summary>
    public double BusySlots => Seconds > 0 ? HeldMs / 1000 / Seconds : 0;

    public static Totals operator +(Totals left, Totals right) => new(
        left.Seconds + right.Seconds, left.Arrived + right.Arrived, left.Ended + right.Ended,
        left.BusyMs + right.BusyMs, left.HeldMs + right.HeldMs);

    public static Totals operator -(Totals left, Totals right) => new(
        left.Seconds - right.Seconds, left.Arrived - right.Arrived, left.Ended - right.Ended,
        left.BusyMs - right.BusyMs, left.HeldMs - right.HeldMs);
}

/// <summary>
/// Samples in the order of time, with what was counted between any two of them. Between samples of two epochs, or too
/// far apart, nothing is known: such a span counts as not seen rather than as quiet.
/// </summary>
internal sealed class SampleHistory
{
    private readonly List<ScalingSample> _samples = [];
    private readonly List<Totals> _sums = [];

    /// <summary>Takes the samples since a clock was last set back, as far back as is asked for.</summary>
    /// <param name="samples">Oldest first; at least one.</param>
    /// <param name="memory">Older ones are left out.</param>
    /// <param name="longestGap">Further apart, and nothing is known between two of them.</param>
    public SampleHistory(IReadOnlyList<ScalingSample> samples, TimeSpan memory, TimeSpan longestGap)
    {
        var first = samples.Count - 1;
        while (first > 0 && samples[first - 1].At < samples[first].At && samples[^1].At - samples[first - 1].At <= memory)
            first--;
        var sum = default(Totals);
        for (var at = first; at < samples.Count; at++)
        {
            if (at > first) sum += Between(samples[at - 1], samples[at], longestGap);
            _samples.Add(samples[at]);
            _sums.Add(sum);
        }
    }

    /// <summary>The newest sample's place.</summary>
    public int Last => _samples.Count - 1;

    public ScalingSample this[int at] => _samples[at];

    /// <summary>The first sample no further back than a span before another.</summary>
    public int First(int at, TimeSpan span)
    {
        var first = at;
        while (first > 0 && _samples[at].At - _samples[first - 1].At <= span) first--;
        return first;
    }

    /// <summary>What was counted in a span before a sample; at least since the sample before it.</summary>
    public Totals Window(int at, TimeSpan span) => _sums[at] - _sums[Math.Min(First(at, span), Math.Max(0, at - 1))];

    /// <summary>What was counted up to a sample.</summary>
    public Totals Until(int at) => _sums[at];

    private static Totals Between(ScalingSample earlier, ScalingSample later, TimeSpan longestGap)
    {
        var span = later.At - earlier.At;
        if (earlier.Epoch != later.Epoch || span > longestGap) return default;
        // Within an epoch counters only grow; one that fell is not believed.
        if (later.Arrived < earlier.Arrived || later.Attempts < earlier.Attempts || later.BusyMs < earlier.BusyMs)
            return default;
        var busyMs = (double)later.BusyMs - earlier.BusyMs;
        // A lost worker takes its running attempts with it, and then less seems to be held than before.
        var heldMs = Math.Max(0, busyMs + ((double)later.RunningMs - earlier.RunningMs));
        return new Totals(
            span.TotalSeconds, (double)later.Arrived - earlier.Arrived, (double)later.Attempts - earlier.Attempts,
            busyMs, heldMs);
    }
}
