using System.Diagnostics.Metrics;
using FaaS.Application.Telemetry;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>The sandbox's instruments.</summary>
internal sealed class SandboxMetrics
{
    private const int Deadline = 0, Memory = 1, Cancelled = 2, Protocol = 3, Crashed = 4, Start = 5, Replaced = 6, Shutdown = 7;

    /// <summary>Why children end, in the order of the numbers above.</summary>
    private static readonly string[] Reasons =
        ["deadline", "memory", "cancelled", "protocol", "crashed", "start", "replaced", "shutdown"];

    private readonly Histogram<double> _coldStart;
    private readonly long[] _ended = new long[Reasons.Length];
    private long _spawns;
    private long _failures;
    private long _cold;
    private long _warm;

    public SandboxMetrics(SandboxPool pool, IMeterFactory? meters)
    {
        Meter meter = meters.CreateMeter(Instruments.MeterName + ".Sandbox");
        meter.CreateObservableGauge("faas.sandbox.children", () => pool.Children, "{process}",
            "Children that are alive, ready or not.");
        meter.CreateObservableGauge("faas.sandbox.spares", () => pool.IdleChildren, "{process}",
            "Children that are ready and have nothing to do.");
        meter.CreateObservableCounter("faas.sandbox.spawns", () => Volatile.Read(ref _spawns), "{process}",
            "Children started.");
        meter.CreateObservableCounter("faas.sandbox.spawn.failures", () => Volatile.Read(ref _failures), "{process}",
            "Children that could not be started.");
        meter.CreateObservableCounter("faas.sandbox.kills", Kills, "{process}", "Children that ended, by reason.");
        meter.CreateObservableCounter("faas.sandbox.runs", Runs, "{run}",
            "Runs begun: warm when the child had the source compiled, else cold.");
        meter.CreateObservableGauge("faas.sandbox.wall", () => Walls(pool.Walls), "{wall}",
            "Whether a wall stands around sandbox children: 1, or 0.");
        _coldStart = meter.CreateHistogram("faas.sandbox.cold_start", "s",
            "Time from a child's start until it is ready.", advice: Instruments.Seconds);
    }

    public void Started() => Interlocked.Increment(ref _spawns);

    public void StartFailed() => Interlocked.Increment(ref _failures);

    public void Ready(TimeSpan startedIn) => _coldStart.Record(startedIn.TotalSeconds);

    public void Ran(bool isCold) => Interlocked.Increment(ref isCold ? ref _cold : ref _warm);

    /// <summary>A child has ended, by whatever cause.</summary>
    public void Gone(ChildProcess child, Assignment? assignment) =>
        Interlocked.Increment(ref _ended[ReasonOf(child, assignment)]);

    private static int ReasonOf(ChildProcess child, Assignment? assignment) => assignment?.Verdict switch
    {
        Outcome.Timeout => Deadline,
        Outcome.MemoryExceeded => Memory,
        Outcome.Cancelled => Cancelled,
        not null => Shutdown,
        null when child.HasBrokenProtocol => Protocol,
        null when assignment is not null => Crashed,
        null when !child.IsReady => Start,
        null => Replaced,
    };

    private static IEnumerable<Measurement<int>> Walls(WallReport? report) => report is null ? [] : Enum.GetValues<Wall>().Select(
        wall => new Measurement<int>(report.Has(wall) ? 1 : 0, new KeyValuePair<string, object?>("wall", wall.ToString())));

    private IEnumerable<Measurement<long>> Kills() => Reasons.Select((reason, at) =>
        new Measurement<long>(Volatile.Read(ref _ended[at]), new KeyValuePair<string, object?>("reason", reason)));

    private Measurement<long>[] Runs() =>
    [
        new(Volatile.Read(ref _warm), new KeyValuePair<string, object?>("start", "warm")),
        new(Volatile.Read(ref _cold), new KeyValuePair<string, object?>("start", "cold")),
    ];
}
