using System.Diagnostics;
using System.Diagnostics.Metrics;
using FaaS.Domain;

namespace FaaS.Infrastructure.NetMq;

/// <summary>The transport's instruments, under the one name <c>FaaS.NetMq</c>. Without listeners they cost a look.</summary>
internal static class NetMqTelemetry
{
    public const string Name = "FaaS.NetMq";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Refused = Meter.CreateCounter<long>(
        "faas_netmq_frames_refused", description: "Messages that were not honoured, by reason.");

    private static readonly Counter<long> RefusedHandshakes = Meter.CreateCounter<long>(
        "faas_netmq_handshakes_refused", description: "Handshakes that were refused, by reason.");

    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>(
        "faas_netmq_request_duration_seconds", "s", "From a request to its answer, by side, row and result.");

    public static UpDownCounter<long> Peers { get; } = Meter.CreateUpDownCounter<long>(
        "faas_netmq_peers", description: "Peers with a session, as servers see them.");

    public static UpDownCounter<long> Outstanding { get; } = Meter.CreateUpDownCounter<long>(
        "faas_netmq_requests_outstanding", description: "Requests a server has taken and not answered.");

    public static void CountRefused(string reason) => Refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public static void CountRefusedHandshake(string reason) =>
        RefusedHandshakes.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public static long StartTimer() => Durations.Enabled ? Stopwatch.GetTimestamp() : 0;

    public static void Record(string side, string row, Error? error, long startedAt)
    {
        if (startedAt == 0) return;
        // A name that is not served is the caller's invention: it must not become a label.
        if (error?.Code == ErrorCode.RouteNotFound) row = "unknown";
        Durations.Record(
            Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
            new("side", side), new("row", row), new("result", error is null ? "ok" : error.Code.Word()));
    }

    public static Activity? StartClient(string row) => Source.StartActivity(row, ActivityKind.Client);

    public static Activity? StartServer(string row, string trace) =>
        Source.HasListeners() ? Source.StartActivity(row, ActivityKind.Server, trace.Length == 0 ? null : trace) : null;

    /// <summary>What to send as the traceparent; empty when nobody traces.</summary>
    public static string TraceOf(Activity? own)
    {
        var activity = own ?? Activity.Current;
        return activity is { IdFormat: ActivityIdFormat.W3C, Id: { Length: Frames.TraceBytes } id } ? id : "";
    }

    public static void End(Activity? activity, Error? error)
    {
        if (activity is null) return;
        if (error is not null) activity.SetStatus(ActivityStatusCode.Error, error.Code.Word());
        activity.Dispose();
    }
}
