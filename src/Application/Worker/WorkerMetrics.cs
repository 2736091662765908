using System.Diagnostics.Metrics;
using FaaS.Application.Telemetry;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Worker;

/// <summary>The worker's instruments.</summary>
internal sealed class WorkerMetrics
{
    private readonly Histogram<double> _wall;
    private readonly Histogram<double> _cpu;
    private readonly Histogram<double> _coldStart;
    private readonly long[] _runs = new long[Enum.GetValues<Outcome>().Length];

    public WorkerMetrics(LeaseBook book, int slots, IMeterFactory? meters)
    {
        var meter = meters.CreateMeter();
        meter.CreateObservableGauge("faas.worker.slots", () => slots, "{job}", "Jobs the worker runs at a time.");
        meter.CreateObservableGauge("faas.worker.running", () => Math.Max(0, book.Open - book.Waiting), "{job}",
            "Jobs that run.");
        meter.CreateObservableGauge("faas.worker.waiting", () => book.Waiting, "{job}",
            "Jobs fetched ahead that no slot has taken yet.");
        meter.CreateObservableGauge("faas.worker.unanswered", () => book.Unanswered, "{job}",
            "Ended jobs whose report the queue has not answered yet.");
        meter.CreateObservableCounter("faas.worker.runs", Runs, "{run}", "Attempts that ended here, by outcome.");
        _wall = meter.CreateHistogram("faas.worker.run.duration", "s",
            "Wall-clock time of a run, from the hand-over to the sandbox to its end.", advice: Instruments.Seconds);
        _cpu = meter.CreateHistogram("faas.worker.run.cpu", "s", "CPU time of a run.", advice: Instruments.Seconds);
        _coldStart = meter.CreateHistogram("faas.worker.run.cold_start", "s",
            "Time of a run before its function could be called.", advice: Instruments.Seconds);
    }

    /// <summary>An attempt has ended.</summary>
    public void Ran(AttemptEnd end)
    {
        Interlocked.Increment(ref _runs[(int)end.Outcome]);
        // A run that never came to the sandbox used nothing, and would only pull the times down.
        if (end.Usage.Wall == TimeSpan.Zero) return;
        _wall.Record(end.Usage.Wall.TotalSeconds);
        _cpu.Record(end.Usage.Cpu.TotalSeconds);
        if (end.Usage.ColdStart > TimeSpan.Zero) _coldStart.Record(end.Usage.ColdStart.TotalSeconds);
    }

    private IEnumerable<Measurement<long>> Runs() => Enum.GetValues<Outcome>().Select(outcome =>
        new Measurement<long>(
            Volatile.Read(ref _runs[(int)outcome]), new KeyValuePair<string, object?>("outcome", outcome.Word())));
}
