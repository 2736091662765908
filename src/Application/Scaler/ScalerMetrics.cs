using System.Diagnostics.Metrics;
using FaaS.Application.Telemetry;
using FaaS.Domain;
using FaaS.Domain.Scaling;

namespace FaaS.Application.Scaler;

/// <summary>The scaler's instruments.</summary>
internal sealed class ScalerMetrics
{
    private readonly Counter<long> _decisions;
    private readonly Counter<long> _calls;
    private readonly TimeProvider _time;
    private volatile FleetWorkers? _workers;
    private volatile ScalingDecision? _decision;
    private long _sampledAt;
    private volatile int _unrecorded;

    public ScalerMetrics(TimeProvider time, IMeterFactory? meters = null)
    {
        _time = time;
        _sampledAt = time.GetTimestamp();
        var meter = meters.CreateMeter();
        meter.CreateObservableGauge("faas.scaler.workers", Workers, "{worker}", "Workers of the fleet, by state.");
        meter.CreateObservableGauge("faas.scaler.target", Target, "{worker}", "Workers there should be, by the last decision.");
        meter.CreateObservableGauge("faas.scaler.predicted_wait", PredictedWait, "s",
            "How long a job that comes now would wait for a slot, by the last decision.");
        meter.CreateObservableGauge("faas.scaler.sample_age",
            () => _time.GetElapsedTime(Interlocked.Read(ref _sampledAt)).TotalSeconds, "s",
            "Time since the queue was last heard, or since the start.");
        meter.CreateObservableGauge("faas.scaler.unrecorded", () => _unrecorded, "{decision}",
            "Decisions that are not in the decision log yet.");
        _decisions = meter.CreateCounter<long>("faas.scaler.decisions", "{decision}", "Decisions, by their rule.");
        _calls = meter.CreateCounter<long>("faas.scaler.fleet.calls", "{call}", "Calls of the fleet, by verb and outcome.");
    }

    /// <summary>There is a sample.</summary>
    public void Sampled() => Interlocked.Exchange(ref _sampledAt, _time.GetTimestamp());

    /// <summary>Something was decided, or decided not to be.</summary>
    public void Decided(ScalingDecision decision)
    {
        _decision = decision;
        _decisions.Add(1, new KeyValuePair<string, object?>("rule", decision.Word));
    }

    /// <summary>The fleet answered.</summary>
    public void Called(string verb, FleetAnswer answer)
    {
        if (answer.Workers is { } workers) _workers = workers;
        _calls.Add(1, new("verb", verb), new("outcome", Spelling.SnakeCase(answer.Outcome.ToString())));
    }

    /// <summary>So many decisions wait to be recorded.</summary>
    public void Unrecorded(int count) => _unrecorded = count;

    private Measurement<int>[] Workers() => _workers is { } workers
        ?
        [
            new(workers.Running, new KeyValuePair<string, object?>("state", "running")),
            new(workers.Starting, new KeyValuePair<string, object?>("state", "starting")),
            new(workers.Draining, new KeyValuePair<string, object?>("state", "draining")),
        ]
        : [];

    private Measurement<int>[] Target() => _decision is { Target: { } target } ? [new(target)] : [];

    private Measurement<double>[] PredictedWait() =>
        _decision?.Measures?.PredictedWaitMs is { } wait ? [new(wait / 1e3)] : [];
}
