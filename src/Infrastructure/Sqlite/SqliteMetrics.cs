using System.Diagnostics.Metrics;
using FaaS.Application.Telemetry;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The embedded store's instruments.</summary>
internal sealed class SqliteMetrics
{
    private readonly Histogram<double> _seconds;
    private readonly Histogram<int> _writes;
    private long _failures;

    public SqliteMetrics(IMeterFactory? meters)
    {
        var meter = meters.CreateMeter(Instruments.MeterName + ".Sqlite");
        _seconds = meter.CreateHistogram("faas.sqlite.commit.duration", "s",
            "Time of one transaction, its fsync included.", advice: Instruments.Seconds);
        _writes = meter.CreateHistogram("faas.sqlite.commit.writes", "{write}",
            "Requests that shared one transaction.", advice: Instruments.Batch);
        meter.CreateObservableCounter("faas.sqlite.commit.failures", () => Volatile.Read(ref _failures), "{commit}",
            "Transactions that were rolled back.");
    }

    public void Committed(int writes, TimeSpan took)
    {
        _writes.Record(writes);
        _seconds.Record(took.TotalSeconds);
    }

    public void RolledBack() => Interlocked.Increment(ref _failures);
}
