using System.Diagnostics;
using System.Globalization;
using System.Text;
using HdrHistogram;

namespace FaaS.Benchmarks.Load;

/// <summary>What one measurement found.</summary>
internal sealed record Figures(
    string Scenario, long Jobs, double JobsPerSecond, double P50Ms, double P90Ms, double P99Ms,
    double DriverCpuShare, double PlatformCpuUsPerJob);

/// <summary>The loops of the scenarios, on raw connections.</summary>
internal sealed class Driver(Platform platform)
{
    private const string Waiting = "Prefer: wait=10\r\n";

    public async Task<RawClient> ConnectAsync()
    {
        var client = new RawClient(platform.Address);
        await client.ConnectAsync().ConfigureAwait(false);
        return client;
    }

    public async Task RegisterAsync(string user, string function, string source, bool newUser = true)
    {
        using var client = await ConnectAsync().ConfigureAwait(false);
        if (newUser) await ExpectAsync(client, RawClient.Encode("POST", $"/u/{user}")).ConfigureAwait(false);
        await ExpectAsync(client, RawClient.Encode("POST", $"/u/{user}/fn/{function}", source)).ConfigureAwait(false);
    }

    /// <summary>Sequential submits that wait for their result, on one connection.</summary>
    public async Task<Figures> LatencyAsync(string user, int warmups = 500, int measured = 2000)
    {
        using var client = await ConnectAsync().ConfigureAwait(false);
        var request = RawClient.Encode("POST", $"/u/{user}/fn/add/run", "[5,6]", Waiting);
        for (var at = 0; at < warmups; at++) await ExpectResultAsync(client, request).ConfigureAwait(false);
        var histogram = NewHistogram();
        var window = new Window(platform);
        for (var at = 0; at < measured; at++)
        {
            var begun = Stopwatch.GetTimestamp();
            await ExpectResultAsync(client, request).ConfigureAwait(false);
            Record(histogram, begun);
        }
        return window.Close("latency", measured, histogram);
    }

    /// <summary>Closed loop: each connection submits, then reads the result with one GET, and checks it.</summary>
    public async Task<Figures> ThroughputAsync(string user, int connections, int seconds)
    {
        await LoopAsync(user, connections, TimeSpan.FromSeconds(2), []).ConfigureAwait(false);
        var histograms = new List<LongHistogram>();
        var window = new Window(platform);
        var jobs = await LoopAsync(user, connections, TimeSpan.FromSeconds(seconds), histograms).ConfigureAwait(false);
        return window.Close("throughput", jobs, Merge(histograms));
    }

    /// <summary>A fixed rate; latency counts from when a job was due to be sent, so a stall is not left out.</summary>
    public async Task<Figures> OpenAsync(string user, int connections, int seconds, int rate)
    {
        var histograms = new LongHistogram[connections];
        var window = new Window(platform);
        var start = Stopwatch.GetTimestamp();
        var total = (long)rate * seconds;
        var next = -1L;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async at =>
        {
            histograms[at] = NewHistogram();
            using var client = await ConnectAsync().ConfigureAwait(false);
            var request = RawClient.Encode("POST", $"/u/{user}/fn/add/run", "[5,6]", Waiting);
            long job;
            while ((job = Interlocked.Increment(ref next)) < total)
            {
                var due = start + (long)(job * (double)Stopwatch.Frequency / rate);
                var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (early > TimeSpan.Zero) await Task.Delay(early).ConfigureAwait(false);
                await ExpectResultAsync(client, request).ConfigureAwait(false);
                Record(histograms[at], due);
            }
        })).ConfigureAwait(false);
        return window.Close($"open {rate}/s", total, Merge(histograms));
    }

    /// <summary>Submits jobs without waiting for their ends; returns how many a second.</summary>
    public async Task<double> FillAsync(string path, int jobs, int connections)
    {
        var request = RawClient.Encode("POST", path, "[]");
        var left = jobs;
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            using var client = await ConnectAsync().ConfigureAwait(false);
            while (Interlocked.Decrement(ref left) >= 0) await ExpectAsync(client, request).ConfigureAwait(false);
        })).ConfigureAwait(false);
        return jobs / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    public static async Task ExpectAsync(RawClient client, ReadOnlyMemory<byte> request, int status = 200)
    {
        var got = await client.SendAsync(request).ConfigureAwait(false);
        if (got != status) throw new InvalidDataException($"{got} instead of {status}: {client.Text()}");
    }

    public static async Task ExpectResultAsync(RawClient client, ReadOnlyMemory<byte> request)
    {
        await ExpectAsync(client, request).ConfigureAwait(false);
        if (!client.Member("\"result\":\""u8).Span.SequenceEqual("11"u8)) throw new InvalidDataException(client.Text());
    }

    public static LongHistogram NewHistogram() => new(60_000_000, 3);

    public static void Record(LongHistogram histogram, long begun) =>
        histogram.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(begun).TotalMicroseconds, 1, 60_000_000));

    private async Task<long> LoopAsync(string user, int connections, TimeSpan span, List<LongHistogram> histograms)
    {
        var runs = Enumerable.Range(0, 64).Select(value => (
            Request: RawClient.Encode("POST", $"/u/{user}/fn/add/run", $"[{value},{value + 1}]"),
            Result: Encoding.UTF8.GetBytes((2 * value + 1).ToString(CultureInfo.InvariantCulture)))).ToArray();
        var end = Stopwatch.GetTimestamp() + (long)(span.TotalSeconds * Stopwatch.Frequency);
        var jobs = 0L;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async at =>
        {
            var histogram = NewHistogram();
            lock (histograms) histograms.Add(histogram);
            using var client = await ConnectAsync().ConfigureAwait(false);
            var get = RawClient.Encode("GET", "/j/000000000000000000000000/res?wait=30s");
            for (var turn = at; Stopwatch.GetTimestamp() < end; turn++)
            {
                var (request, result) = runs[turn % runs.Length];
                var begun = Stopwatch.GetTimestamp();
                await ExpectAsync(client, request).ConfigureAwait(false);
                client.Member("\"res\":\""u8).CopyTo(get.AsMemory("GET /j/".Length));
                await ExpectAsync(client, get).ConfigureAwait(false);
                if (!client.Member("\"res\":\""u8).Span.SequenceEqual(result)) throw new InvalidDataException(client.Text());
                Record(histogram, begun);
                Interlocked.Increment(ref jobs);
            }
        })).ConfigureAwait(false);
        return jobs;
    }

    private static LongHistogram Merge(IEnumerable<LongHistogram> parts)
    {
        var all = NewHistogram();
        foreach (var part in parts) all.Add(part);
        return all;
    }

    /// <summary>The time and the CPU of both sides between its making and its closing.</summary>
    private sealed class Window(Platform platform)
    {
        private readonly long _begun = Stopwatch.GetTimestamp();
        private readonly TimeSpan _driver = Environment.CpuUsage.TotalTime;
        private readonly double _platform = platform.CpuSeconds();

        public Figures Close(string scenario, long jobs, LongHistogram histogram)
        {
            var seconds = Stopwatch.GetElapsedTime(_begun).TotalSeconds;
            var driver = (Environment.CpuUsage.TotalTime - _driver).TotalSeconds;
            var used = platform.CpuSeconds() - _platform;
            return new Figures(scenario, jobs, jobs / seconds, Ms(50), Ms(90), Ms(99),
                driver / (driver + used), used * 1e6 / Math.Max(1, jobs));

            double Ms(double percentile) => histogram.GetValueAtPercentile(percentile) / 1000.0;
        }
    }
}
