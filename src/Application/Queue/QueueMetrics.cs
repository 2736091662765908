using System.Diagnostics;
using System.Diagnostics.Metrics;
using FaaS.Application.Telemetry;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Application.Queue;

/// <summary>
/// The queue's instruments. What is counted inside the core is read from its last snapshot; what takes time is recorded
/// as it happens, on the loop.
/// </summary>
internal sealed class QueueMetrics : IQueueObserver
{
    private static readonly KeyValuePair<string, object?> SubmitToDurable = new("stage", "submit_durable");
    private static readonly KeyValuePair<string, object?> DurableToLeased = new("stage", "durable_leased");
    private static readonly KeyValuePair<string, object?> LeasedToReported = new("stage", "leased_reported");
    private static readonly KeyValuePair<string, object?> ReportedToDurable = new("stage", "reported_durable");

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Histogram<double> _stages;
    private readonly Histogram<int> _commitRows;
    private readonly Histogram<double> _commitSeconds;
    private readonly long[] _completed = new long[Enum.GetValues<Outcome>().Length];
    private long _retried;
    private long _commitFailures;
    private long _refused;
    private long _scheduled;
    private long _scheduledRefused;
    private volatile Snapshot? _snapshot;

    /// <summary>The span of the last commit; one is under way at a time, and only the loop begins them.</summary>
    private ActivityContext _commit;

    public QueueMetrics(TimeProvider time, IMeterFactory? meters = null, ILogger<QueueLoop>? logger = null)
    {
        _time = time;
        _logger = logger ?? NullLogger<QueueLoop>.Instance;
        var meter = meters.CreateMeter();
        _stages = meter.CreateHistogram("faas.queue.stage.duration", "s",
            "Time of a job between two stages of its life.", advice: Instruments.Seconds);
        _commitRows = meter.CreateHistogram("faas.queue.commit.rows", "{row}",
            "Rows in one commit.", advice: Instruments.Batch);
        _commitSeconds = meter.CreateHistogram("faas.queue.commit.duration", "s",
            "Time of one commit, from its sending to its answer.", advice: Instruments.Seconds);
        meter.CreateObservableCounter("faas.queue.commit.failures", () => Volatile.Read(ref _commitFailures), "{commit}",
            "Commits that failed or whose outcome is unknown; each is tried again.");
        meter.CreateObservableCounter("faas.queue.refused", () => Volatile.Read(ref _refused), "{row}",
            "Times that the store refused what stood alone in a commit, though it was not away.");
        meter.CreateObservableCounter("faas.queue.completed", Completed, "{job}",
            "Jobs whose end became durable in this epoch, by outcome.");
        meter.CreateObservableCounter("faas.queue.retried", () => Volatile.Read(ref _retried), "{attempt}",
            "Attempts that ended while their job goes on.");
        meter.CreateObservableCounter("faas.queue.scheduled", Scheduled, "{run}",
            "Runs of schedules in this epoch, by whether a job was made or refused.");
        CreateSnapshotGauges(meter);
        CreateSnapshotCounters(meter);
    }

    /// <summary>Takes what the core holds, a few times a second; null when there is no queue any more.</summary>
    public void Publish(QueueCounts? counts) => _snapshot = counts is { } known ? new Snapshot(known) : null;

    /// <summary>A commit was answered.</summary>
    public void Committed(int rows, TimeSpan took, bool isOk)
    {
        if (!isOk) Interlocked.Increment(ref _commitFailures);
        _commitRows.Record(rows);
        _commitSeconds.Record(took.TotalSeconds);
    }

    /// <summary>Begins the span of a commit, in a trace of its own to which its jobs' spans refer.</summary>
    public Activity? StartCommit(JobCommit commit)
    {
        var span = JobSpan.Source.StartActivity("commit");
        _commit = span?.Context ?? default;
        return span?.SetTag("faas.commit.rows", commit.Count);
    }

    /// <summary>A run of a schedule was made, again or for the first time, or refused for good.</summary>
    public void Scheduled(bool isRefused) => Interlocked.Increment(ref isRefused ? ref _scheduledRefused : ref _scheduled);

    public void Refused(JobId id, Error refusal)
    {
        Interlocked.Increment(ref _refused);
        QueueLog.RowRefused(_logger, id, refusal.Code, refusal.Message);
    }

    public void Stored(JobId id, long us)
    {
        _stages.Record(us / 1e6, SubmitToDurable);
        Trace("store", id, us, SubmitToDurable, _commit);
    }

    public void Leased(JobId id, int attempt, long us)
    {
        _stages.Record(us / 1e6, DurableToLeased);
        Trace("wait", id, us, DurableToLeased);
    }

    public void Reported(JobId id, Outcome outcome, long us)
    {
        _stages.Record(us / 1e6, LeasedToReported);
        Trace("lease", id, us, LeasedToReported);
    }

    public void Ended(JobEnd end, long us)
    {
        _completed[(int)end.End.Outcome]++;
        _stages.Record(us / 1e6, ReportedToDurable);
        if (JobSpan.Source.HasListeners()) Trace("complete", end.Id, us, new("faas.outcome", end.End.Outcome.Word()), _commit);
    }

    public void Retried(JobRetry retry, long us)
    {
        _retried++;
        _stages.Record(us / 1e6, ReportedToDurable);
        if (JobSpan.Source.HasListeners()) Trace("retry", retry.Id, us, new("faas.attempt", retry.Counts.Ended), _commit);
    }

    private void Trace(
        string name, JobId id, long us, KeyValuePair<string, object?> tag, ActivityContext batch = default)
    {
        if (JobSpan.Source.HasListeners()) JobSpan.Add(name, id, _time.GetUtcNow(), us, tag, batch);
    }

    private void CreateSnapshotGauges(Meter meter)
    {
        meter.CreateObservableGauge("faas.queue.jobs", Jobs, "{job}", "Unfinished jobs, by state.");
        Gauge("faas.queue.oldest_age", "s", "How long the longest waiting queued job has waited.",
            counts => counts.OldestQueuedMs / 1e3);
        Gauge("faas.queue.held", "{job}", "Queued jobs that quotas hold back, for which more workers do nothing.",
            counts => counts.Held);
        Gauge("faas.queue.workers", "{worker}", "Workers heard of lately.", counts => counts.Workers);
        Gauge("faas.queue.slots", "{job}", "Jobs those workers run at a time.", counts => counts.Slots);
        Gauge("faas.queue.running", "s", "For how long the attempts under way have held their slots, summed.",
            counts => counts.RunningMs / 1e3);
        Gauge("faas.queue.capacity", "{job}", "Jobs those workers hold at most.", counts => counts.Capacity);
        Gauge("faas.queue.pending.rows", "{row}", "Rows that wait for a commit.", counts => counts.PendingRows);
        Gauge("faas.queue.store.available", null, "1 when the last commit was answered, else 0.",
            counts => counts.StoreAvailable ? 1 : 0);
        Gauge("faas.queue.epoch", "{epoch}", "The queue's epoch.", counts => counts.Epoch);
        Gauge("faas.queue.unaccounted", "{job}", "Jobs that came and are nowhere; 0, or there is a defect.",
            counts => counts.Unaccounted);

        void Gauge(string name, string? unit, string about, Func<QueueCounts, double> read) =>
            meter.CreateObservableGauge(name, () => Read(read), unit, about);
    }

    private void CreateSnapshotCounters(Meter meter)
    {
        Counter("faas.queue.submitted", "{job}", "Submissions that became durable in this epoch.", counts => counts.Submitted);
        Counter("faas.queue.restored", "{job}", "Jobs found unfinished at start, or adopted since.", counts => counts.Restored);
        Counter("faas.queue.arrived", "{job}", "How often a job came to wait for a worker, in this epoch.", counts => counts.Arrived);
        Counter("faas.queue.attempts", "{attempt}", "Attempts whose end was accepted in this epoch.", counts => counts.Attempts);
        Counter("faas.queue.busy", "s", "Wall time of those attempts, summed.", counts => counts.BusyMs / 1e3);
        Counter("faas.queue.leases", "{lease}", "Leases granted in this epoch.", counts => counts.Leases);
        Counter("faas.queue.leases.lost", "{lease}", "Leases that ran out, or whose worker is gone.", counts => counts.LostLeases);
        Counter("faas.queue.reports.stale", "{report}", "Ends refused because their lease was not current.",
            counts => counts.StaleReports);

        void Counter(string name, string unit, string about, Func<QueueCounts, double> read) =>
            meter.CreateObservableCounter(name, () => Read(read), unit, about);
    }

    private Measurement<T>[] Read<T>(Func<QueueCounts, T> read) where T : struct =>
        _snapshot is { } snapshot ? [new Measurement<T>(read(snapshot.Counts))] : [];

    private Measurement<long>[] Jobs() => _snapshot is { } snapshot
        ?
        [
            new(snapshot.Counts.Delayed, new KeyValuePair<string, object?>("state", "delayed")),
            new(snapshot.Counts.Queued, new KeyValuePair<string, object?>("state", "queued")),
            new(snapshot.Counts.InFlight, new KeyValuePair<string, object?>("state", "in_flight")),
        ]
        : [];

    private IEnumerable<Measurement<long>> Completed() => Enum.GetValues<Outcome>().Select(outcome =>
        new Measurement<long>(
            Volatile.Read(ref _completed[(int)outcome]), new KeyValuePair<string, object?>("outcome", outcome.Word())));

    private IEnumerable<Measurement<long>> Scheduled() =>
    [
        new(Volatile.Read(ref _scheduled), new KeyValuePair<string, object?>("outcome", "made")),
        new(Volatile.Read(ref _scheduledRefused), new KeyValuePair<string, object?>("outcome", "refused")),
    ];

    /// <summary>Boxed, so that a reader sees one whole.</summary>
    private sealed record Snapshot(QueueCounts Counts);
}
