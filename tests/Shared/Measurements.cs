using System.Diagnostics.Metrics;

namespace FaaS.Tests.Shared;

/// <summary>The meters of one container, and what their instruments have said; no other container's are heard.</summary>
public sealed class Measurements : IMeterFactory
{
    private readonly Lock _gate = new();
    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, double> _last = [];
    private readonly Dictionary<string, int> _counts = [];
    private readonly List<string> _names = [];

    public Measurements()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!ReferenceEquals(instrument.Meter.Scope, this)) return;
            lock (_gate) _names.Add(Exposed(instrument));
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    public Meter Create(MeterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Scope = this;
        var meter = new Meter(options);
        lock (_gate) _meters.Add(meter);
        return meter;
    }

    /// <summary>The instruments, by the names that Prometheus' form gives them.</summary>
    public IReadOnlyList<string> Names
    {
        get { lock (_gate) return [.. _names]; }
    }

    /// <summary>The last value of an instrument, read now if it is one that is asked; null when it has said nothing.</summary>
    /// <param name="name">Its name, with the values of its tags behind it, such as <c>faas.queue.jobs queued</c>.</param>
    public double? Read(string name)
    {
        lock (_gate) _last.Remove(name);
        _listener.RecordObservableInstruments();
        lock (_gate) return _last.TryGetValue(name, out var value) ? value : null;
    }

    /// <summary>How often an instrument has said something.</summary>
    public int Count(string name)
    {
        lock (_gate) return _counts.GetValueOrDefault(name);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.ForEach(meter => meter.Dispose());
    }

    private static string Exposed(Instrument instrument)
    {
        var unit = instrument.Unit == "s" ? "_seconds" : "";
        var kind = instrument.GetType().Name.Contains("Counter", StringComparison.Ordinal)
            && !instrument.GetType().Name.Contains("UpDown", StringComparison.Ordinal) ? "_total" : "";
        return instrument.Name.Replace('.', '_') + unit + kind;
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = instrument.Name;
        foreach (var tag in tags) name += $" {tag.Value}";
        lock (_gate)
        {
            _last[name] = value;
            _counts[name] = _counts.GetValueOrDefault(name) + 1;
        }
    }
}
