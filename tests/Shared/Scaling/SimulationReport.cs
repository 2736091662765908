using FaaS.Domain.Scaling;

namespace FaaS.Tests.Shared.Scaling;

/// <summary>What was the case at a moment.</summary>
internal readonly record struct PlotPoint(long Second, int Workers, long Queued);

/// <summary>How a rule did on a load. What happened while it warmed up is left out of the figures.</summary>
internal sealed class SimulationReport
{
    public SimulationReport(
        JobLoad load, string rule, List<long> waitsUs, double workerSeconds, IReadOnlyList<PlotPoint> points,
        IReadOnlyList<ScalingDecision> decisions, long unfinished)
    {
        waitsUs.Sort();
        Load = load;
        Rule = rule;
        P50Ms = Percentile(waitsUs, 0.5);
        P99Ms = Percentile(waitsUs, 0.99);
        MaxMs = Percentile(waitsUs, 1);
        WorkerSeconds = workerSeconds;
        Points = points;
        Decisions = decisions;
        Unfinished = unfinished;
        var turns = Turns(decisions, decisions[0].At.AddSeconds(load.WarmUpSeconds)).ToList();
        TurnsPerMinute = turns.Count * 60.0 / (load.Seconds - load.WarmUpSeconds);
        WorstMinute = turns.Count == 0 ? 0 : turns.Max(from => turns.Count(at => at >= from && at - from < TimeSpan.FromMinutes(1)));
    }

    public JobLoad Load { get; }

    public string Rule { get; }

    /// <summary>How long jobs waited for a worker, from durable to leased, in ms.</summary>
    public double P50Ms { get; }

    /// <summary>What 99 of 100 jobs waited at most, in ms.</summary>
    public double P99Ms { get; }

    /// <summary>What the unluckiest waited, in ms.</summary>
    public double MaxMs { get; }

    /// <summary>What was paid for: from asking for a worker until it is gone.</summary>
    public double WorkerSeconds { get; }

    /// <summary>How often more became fewer or fewer became more, a minute.</summary>
    public double TurnsPerMinute { get; }

    /// <summary>The same in the minute in which it was worst.</summary>
    public int WorstMinute { get; }

    /// <summary>Every five seconds, from the beginning.</summary>
    public IReadOnlyList<PlotPoint> Points { get; }

    public IReadOnlyList<ScalingDecision> Decisions { get; }

    /// <summary>Jobs that have not ended; anything but 0 is a defect, or an hour was not enough for the backlog.</summary>
    public long Unfinished { get; }

    private static double Percentile(List<long> sorted, double share) =>
        sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))] / 1000.0;

    private static IEnumerable<DateTimeOffset> Turns(IReadOnlyList<ScalingDecision> decisions, DateTimeOffset from)
    {
        var last = 0;
        foreach (var decision in decisions)
        {
            if (!decision.IsChange) continue;
            var direction = Math.Sign(decision.Target!.Value - decision.Present);
            if (last != 0 && direction != last && decision.At >= from) yield return decision.At;
            last = direction;
        }
    }
}
