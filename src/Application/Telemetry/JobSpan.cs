using System.Diagnostics;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Telemetry;

/// <summary>
/// A span in a job's own trace. The trace's id is the job's 12 bytes and four fixed ones, so every part can add to it
/// knowing nothing but the job's id, and nothing has to be stored with a queued job (ADR 0005). The spans have no common
/// root: each part's is one. Nothing is allocated while nobody listens.
/// </summary>
public readonly struct JobSpan : IDisposable
{
    /// <summary>The source of the modules' spans.</summary>
    public const string SourceName = "FaaS";

    private readonly Activity? _previous;

    private JobSpan(Activity? activity, Activity? previous)
    {
        Activity = activity;
        _previous = previous;
    }

    /// <summary>The source of the modules' spans.</summary>
    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>The last four bytes of every job's trace id.</summary>
    public static ReadOnlySpan<byte> TraceIdEnd => "faas"u8;

    /// <summary>The span; null when nobody wants it.</summary>
    public Activity? Activity { get; }

    /// <summary>The id of a job's trace.</summary>
    public static ActivityTraceId TraceIdOf(JobId job)
    {
        Span<byte> bytes = stackalloc byte[16];
        job.Write(bytes);
        TraceIdEnd.CopyTo(bytes[JobId.Size..]);
        return ActivityTraceId.CreateFromBytes(bytes);
    }

    /// <summary>
    /// Begins a span, current until it is disposed of, in the same method. What was current before is in another trace,
    /// a client's or a batch's: span and request refer to each other by links.
    /// </summary>
    /// <param name="name">What is done, a word of a few.</param>
    /// <param name="job">The job.</param>
    /// <param name="kind">Its kind.</param>
    public static JobSpan Start(string name, JobId job, ActivityKind kind = ActivityKind.Internal)
    {
        if (!Source.HasListeners()) return default;
        var previous = Activity.Current;
        ActivityLink[]? links = previous is null ? null : [new ActivityLink(previous.Context)];
        // A span begun while another is current would be the other's child, in a trace that the other is not in.
        Activity.Current = null;
        var activity = Source.StartActivity(name, kind, ContextOf(job), links: links);
        if (activity is null)
        {
            Activity.Current = previous;
            return default;
        }
        activity.SetTag("faas.job.id", job.ToString());
        previous?.AddLink(new ActivityLink(activity.Context));
        return new JobSpan(activity, previous);
    }

    /// <summary>Adds a span that is over.</summary>
    /// <param name="name">What was done, a word of a few.</param>
    /// <param name="job">The job.</param>
    /// <param name="end">When it ended.</param>
    /// <param name="us">How long it took, in microseconds.</param>
    /// <param name="tag">One thing to know about it.</param>
    /// <param name="batch">What it was done in together with other jobs, in another trace; default for nothing.</param>
    public static void Add(
        string name, JobId job, DateTimeOffset end, long us, KeyValuePair<string, object?> tag,
        ActivityContext batch = default)
    {
        if (!Source.HasListeners()) return;
        ActivityLink[]? links = batch == default ? null : [new ActivityLink(batch)];
        var previous = Activity.Current;
        Activity.Current = null;
        using (var activity = Source.StartActivity(
            name, ActivityKind.Internal, ContextOf(job), links: links, startTime: end.AddMicroseconds(-us)))
        {
            activity?.SetTag("faas.job.id", job.ToString());
            activity?.SetTag(tag.Key, tag.Value);
            activity?.SetEndTime(end.UtcDateTime);
        }
        Activity.Current = previous;
    }

    /// <summary>Ends the span.</summary>
    public void Dispose()
    {
        if (Activity is null) return;
        Activity.Dispose();
        Activity.Current = _previous;
    }

    /// <summary>A context without a span: what begins under it is in the trace, and nobody's child.</summary>
    private static ActivityContext ContextOf(JobId job) => new(TraceIdOf(job), default, ActivityTraceFlags.None);
}
