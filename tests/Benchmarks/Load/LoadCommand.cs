using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace FaaS.Benchmarks.Load;

/// <summary>The verb <c>load</c>.</summary>
internal static class LoadCommand
{
    public const string Add = "function add(a, b) { return a + b }";
    private const string Sleeper = "async () => { await new Promise(r => setTimeout(r, 3600000)) }";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static async Task<int> RunAsync(Options options)
    {
        var scenario = options.Text("scenario") ?? "all";
        string[] known = ["memory", "latency", "throughput", "open", "coldstart", "backlog"];
        var chosen = scenario == "all" ? known : [scenario];
        if (!known.Contains(chosen[0]))
        {
            await Console.Error.WriteLineAsync($"No scenario '{scenario}'; there are all, {string.Join(", ", known)}.");
            return 2;
        }
        var found = new Dictionary<string, object>();
        var connections = options.Number("connections", 32);
        var seconds = options.Number("seconds", 10);
        await using (var platform = await Platform.OpenAsync(options.Text("url")).ConfigureAwait(false))
        {
            var driver = new Driver(platform);
            await driver.RegisterAsync("bench", "add", Add).ConfigureAwait(false);
            foreach (var name in chosen)
            {
                object figures = name switch
                {
                    "latency" => await driver.LatencyAsync("bench").ConfigureAwait(false),
                    "throughput" => await driver.ThroughputAsync("bench", connections, seconds).ConfigureAwait(false),
                    "open" => await driver.OpenAsync("bench", connections, seconds, options.Number("rate", 1000)).ConfigureAwait(false),
                    "memory" => await MemoryAsync(platform).ConfigureAwait(false),
                    "coldstart" => await ColdStartAsync(driver, options.Number("functions", 200)).ConfigureAwait(false),
                    _ => await BacklogAsync(platform, driver, options.Number("jobs", 1_000_000), connections, seconds).ConfigureAwait(false),
                };
                found[name] = figures;
                await Console.Out.WriteLineAsync($"{name}: {JsonSerializer.Serialize(figures, figures.GetType())}").ConfigureAwait(false);
            }
        }
        if (options.Text("json") is { } file)
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(found, Indented)).ConfigureAwait(false);
        return 0;
    }

    private static async Task<object> MemoryAsync(Platform platform)
    {
        if (platform.Pid == 0) return new { skipped = "the platform was not started here" };
        await Task.Delay(TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        var (bytes, processes) = ProcessTree.Pss(platform.Pid);
        return new { pssMiB = Math.Round(bytes / 1048576.0, 1), processes };
    }

    private static async Task<object> ColdStartAsync(Driver driver, int functions)
    {
        using var client = await driver.ConnectAsync().ConfigureAwait(false);
        var first = Driver.NewHistogram();
        var warm = Driver.NewHistogram();
        for (var at = 0; at < functions; at++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"cold{at}");
            await driver.RegisterAsync("bench", name, $"(a, b) => a + b + {at} - {at}", newUser: false).ConfigureAwait(false);
            var request = RawClient.Encode("POST", $"/u/bench/fn/{name}/run", "[5,6]", "Prefer: wait=10\r\n");
            for (var run = 0; run < 6; run++)
            {
                var begun = Stopwatch.GetTimestamp();
                await Driver.ExpectResultAsync(client, request).ConfigureAwait(false);
                Driver.Record(run == 0 ? first : warm, begun);
            }
        }
        var firstMs = first.GetValueAtPercentile(50) / 1000.0;
        var warmMs = warm.GetValueAtPercentile(50) / 1000.0;
        return new { functions, firstMs, warmMs, coldStartMs = Math.Round(firstMs - warmMs, 3) };
    }

    private static async Task<object> BacklogAsync(Platform platform, Driver driver, int jobs, int connections, int seconds)
    {
        var emptyLatency = await driver.LatencyAsync("bench").ConfigureAwait(false);
        var empty = await driver.ThroughputAsync("bench", connections, seconds).ConfigureAwait(false);
        var before = platform.Pid == 0 ? 0 : ProcessTree.Rss(platform.Pid);
        await driver.RegisterAsync("crowd", "sleep", Sleeper).ConfigureAwait(false);
        var fill = await driver.FillAsync("/u/crowd/fn/sleep/run", jobs, connections).ConfigureAwait(false);
        var after = platform.Pid == 0 ? 0 : ProcessTree.Rss(platform.Pid);
        var fullLatency = await driver.LatencyAsync("bench").ConfigureAwait(false);
        var full = await driver.ThroughputAsync("bench", connections, seconds).ConfigureAwait(false);
        (double Stop, double Ready)? restart = platform.Pid == 0 ? null : await platform.RestartAsync().ConfigureAwait(false);
        return new
        {
            jobs,
            fillPerSecond = fill,
            emptyLatency,
            fullLatency,
            empty,
            full,
            throughputRatio = full.JobsPerSecond / empty.JobsPerSecond,
            rssBytesPerJob = (after - before) / (double)jobs,
            stopSeconds = restart?.Stop,
            readySeconds = restart?.Ready,
        };
    }
}
