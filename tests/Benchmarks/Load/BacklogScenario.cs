using System.Diagnostics;
using System.Text;

namespace FaaS.Benchmarks.Load;

/// <summary>One user beside another one's waiting jobs, and a restart with all of them in the store.</summary>
internal sealed class BacklogScenario(Platform platform, Driver driver, int connections, int seconds)
{
    // The user's cap of running jobs keeps all others of this function queued.
    private const string Sleeper = "async () => { await new Promise(r => setTimeout(r, 3600000)) }";
    // The enqueue rates compared are those of the first and the last jobs of the fill. A second user would not do for
    // the first: its sleeper would take the slot that is left for the user under measurement.
    private const int EdgeJobs = 5_000;

    /// <summary>Measures before, fills, measures again, restarts.</summary>
    /// <param name="jobs">How many wait.</param>
    /// <param name="kind"><c>queued</c> behind jobs that sleep, or <c>delayed</c> for an hour.</param>
    public async Task<object> RunAsync(int jobs, string kind)
    {
        if (kind is not ("queued" or "delayed")) throw new ArgumentException("--backlog takes queued or delayed.");
        await driver.RegisterAsync("crowd", "sleep", Sleeper).ConfigureAwait(false);
        var path = kind == "delayed" ? "/u/crowd/fn/sleep/run?delay=1h" : "/u/crowd/fn/sleep/run";
        if (kind == "delayed" && !await DelaysAsync(path).ConfigureAwait(false))
            return new { skipped = "the platform does not know ?delay yet; take --backlog queued" };

        var empty = await MeasureAsync().ConfigureAwait(false);
        var edge = Math.Min(EdgeJobs, jobs / 3);
        var rssBefore = Rss();
        var firstFillPerSecond = await driver.FillAsync(path, edge, connections).ConfigureAwait(false);
        var fillPerSecond = await driver.FillAsync(path, jobs - 2 * edge, connections).ConfigureAwait(false);
        var lastFillPerSecond = await driver.FillAsync(path, edge, connections).ConfigureAwait(false);
        var rssAfter = Rss();
        var full = await MeasureAsync().ConfigureAwait(false);
        return new
        {
            kind,
            jobs,
            firstFillPerSecond,
            fillPerSecond,
            lastFillPerSecond,
            fillRatio = lastFillPerSecond / firstFillPerSecond,
            empty,
            full,
            latencyRatio = full.Latency.P50Ms / empty.Latency.P50Ms,
            throughputRatio = full.Throughput.JobsPerSecond / empty.Throughput.JobsPerSecond,
            rssBytesPerJob = (rssAfter - rssBefore) / (double)jobs,
            restart = await RestartAsync().ConfigureAwait(false),
        };
    }

    private async Task<Pair> MeasureAsync() => new(
        await driver.LatencyAsync("bench").ConfigureAwait(false),
        await driver.ThroughputAsync("bench", connections, seconds).ConfigureAwait(false));

    /// <summary>Whether a job sent to <paramref name="path"/> is delayed; a server may ignore a query it does not know.</summary>
    private async Task<bool> DelaysAsync(string path)
    {
        using var client = await driver.ConnectAsync().ConfigureAwait(false);
        await Driver.ExpectAsync(client, RawClient.Encode("POST", path, "[]")).ConfigureAwait(false);
        var id = Encoding.ASCII.GetString(client.Member("\"res\":\""u8).Span);
        await Driver.ExpectAsync(client, RawClient.Encode("GET", $"/j/{id}/info")).ConfigureAwait(false);
        var delayed = client.Member("\"state\":\""u8).Span.SequenceEqual("delayed"u8);
        await Driver.ExpectAsync(client, RawClient.Encode("DELETE", $"/j/{id}")).ConfigureAwait(false);
        return delayed;
    }

    /// <summary>SIGTERM, a start on the same data, ready, and the next job of the other user.</summary>
    private async Task<object> RestartAsync()
    {
        if (platform.Pid == 0) return new { skipped = "the platform was not started here" };
        var (stopSeconds, readySeconds) = await platform.RestartAsync().ConfigureAwait(false);
        var begun = Stopwatch.GetTimestamp();
        using var client = await driver.ConnectAsync().ConfigureAwait(false);
        var run = RawClient.Encode("POST", "/u/bench/fn/add/run", "[5,6]", Driver.Waiting);
        await Driver.ExpectResultAsync(client, run).ConfigureAwait(false);
        var firstResultSeconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        return new { stopSeconds, readySeconds, firstResultSeconds, rssMiB = Math.Round(Rss() / 1048576.0, 1) };
    }

    private long Rss() => platform.Pid == 0 ? 0 : ProcessTree.Rss(platform.Pid);

    private sealed record Pair(Figures Latency, Figures Throughput);
}
