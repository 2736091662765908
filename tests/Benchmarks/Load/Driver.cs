using System.Diagnostics;
using System.Globalization;
using System.Text;
using HdrHistogram;

namespace FaaS.Benchmarks.Load;

/// <summary>The loops of the scenarios, on raw connections.</summary>
internal sealed class Driver(Platform platform)
{
    /// <summary>
    /// As long as the peers get: they and we are compiled while we run, and five processes on two busy cores take that
    /// long.
    /// </summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    public const string Waiting = "Prefer: wait=10\r\n";

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
        var tally = new Tally();
        var window = new Window(platform, requestsPerJob: 1);
        for (var at = 0; at < measured; at++)
            await MeasureAsync(client, request, Stopwatch.GetTimestamp(), histogram, tally).ConfigureAwait(false);
        return window.Close("latency", tally, histogram);
    }

    /// <summary>Closed loop: each connection submits, then reads the result with one GET, and checks it.</summary>
    /// <param name="user">Who has the function <c>add</c>.</param>
    /// <param name="connections">Jobs outstanding at any time.</param>
    /// <param name="seconds">How long, unless a number of jobs is given.</param>
    /// <param name="count">How many jobs, for ten minutes at most; 0 measures for <paramref name="seconds"/>.</param>
    public async Task<Figures> ThroughputAsync(string user, int connections, int seconds, int count = 0)
    {
        var warmUp = new Quota(WarmUp, long.MaxValue);
        await LoopAsync(user, connections, warmUp, new Tally(errorsMax: 0)).ConfigureAwait(false);
        var quota = count > 0
            ? new Quota(TimeSpan.FromMinutes(10), count)
            : new Quota(TimeSpan.FromSeconds(seconds), long.MaxValue);
        var tally = new Tally();
        var window = new Window(platform, requestsPerJob: 2);
        return window.Close("throughput", tally, await LoopAsync(user, connections, quota, tally).ConfigureAwait(false));
    }

    /// <summary>A fixed rate; latency counts from when a job was due to be sent, so a stall is not left out.</summary>
    public async Task<Figures> OpenAsync(string user, int connections, int seconds, int rate)
    {
        var histograms = new LongHistogram[connections];
        var tally = new Tally();
        var window = new Window(platform, requestsPerJob: 1);
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
                await MeasureAsync(client, request, due, histograms[at], tally).ConfigureAwait(false);
            }
        })).ConfigureAwait(false);
        return window.Close($"open {rate}/s", tally, Merge(histograms));
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
        Check(client, client.Member("\"result\":\""u8), "11"u8);
    }

    public static LongHistogram NewHistogram() => new(60_000_000, 3);

    public static void Record(LongHistogram histogram, long begun) =>
        histogram.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(begun).TotalMicroseconds, 1, 60_000_000));

    private static async Task MeasureAsync(
        RawClient client, ReadOnlyMemory<byte> request, long begun, LongHistogram histogram, Tally tally)
    {
        try
        {
            await ExpectResultAsync(client, request).ConfigureAwait(false);
            Record(histogram, begun);
        }
        catch (InvalidDataException error)
        {
            tally.Add(error);
        }
    }

    private async Task<LongHistogram> LoopAsync(string user, int connections, Quota quota, Tally tally)
    {
        var runs = Enumerable.Range(0, 64).Select(value => (
            Request: RawClient.Encode("POST", $"/u/{user}/fn/add/run", $"[{value},{value + 1}]"),
            Result: Encoding.UTF8.GetBytes((2 * value + 1).ToString(CultureInfo.InvariantCulture)))).ToArray();
        return Merge(await Task.WhenAll(Enumerable.Range(0, connections).Select(async at =>
        {
            var histogram = NewHistogram();
            using var client = await ConnectAsync().ConfigureAwait(false);
            var get = RawClient.Encode("GET", "/j/000000000000000000000000/res?wait=30s");
            for (var turn = at; quota.Take(); turn++)
            {
                var (request, result) = runs[turn % runs.Length];
                var begun = Stopwatch.GetTimestamp();
                try
                {
                    await ExpectAsync(client, request).ConfigureAwait(false);
                    client.Member("\"res\":\""u8).CopyTo(get.AsMemory("GET /j/".Length));
                    await ExpectAsync(client, get).ConfigureAwait(false);
                    Check(client, client.Member("\"res\":\""u8), result);
                    Record(histogram, begun);
                }
                catch (InvalidDataException error)
                {
                    tally.Add(error);
                }
            }
            return histogram;
        })).ConfigureAwait(false));
    }

    private static void Check(RawClient client, ReadOnlyMemory<byte> value, ReadOnlySpan<byte> expected)
    {
        if (!value.Span.SequenceEqual(expected)) throw new InvalidDataException($"Not the value expected: {client.Text()}");
    }

    private static LongHistogram Merge(IEnumerable<LongHistogram> parts)
    {
        var all = NewHistogram();
        foreach (var part in parts) all.Add(part);
        return all;
    }

    /// <summary>What the connections share: an instant to stop at, and a number of jobs.</summary>
    private sealed class Quota(TimeSpan span, long jobs)
    {
        private readonly long _end = Stopwatch.GetTimestamp() + (long)(span.TotalSeconds * Stopwatch.Frequency);
        private long _left = jobs;

        public bool Take() => Stopwatch.GetTimestamp() < _end && Interlocked.Decrement(ref _left) >= 0;
    }
}
