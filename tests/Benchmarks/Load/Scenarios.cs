using System.Diagnostics;
using System.Globalization;

namespace FaaS.Benchmarks.Load;

/// <summary>The scenarios that are not one of the driver's loops.</summary>
internal static class Scenarios
{
    /// <summary>Proportional set size of a platform that has been idle for 5 s.</summary>
    public static async Task<object> MemoryAsync(Platform platform)
    {
        if (platform.Pid != 0) await Task.Delay(TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        return Footprint(platform);
    }

    /// <summary>The platform's memory now, and the CPU time it has used since its start.</summary>
    public static object Footprint(Platform platform)
    {
        if (platform.Pid == 0) return new { skipped = "the platform was not started here" };
        var (bytes, processes) = ProcessTree.Pss(platform.Pid);
        return new { cpuSeconds = platform.CpuSeconds(), pssMiB = Math.Round(bytes / 1048576.0, 1), processes };
    }

    /// <summary>
    /// Closed loop of several tenants by turns: job n is of tenant n modulo their number, whichever connection submits it. What
    /// <c>Sandbox:Reuse</c> costs is the difference between its two values, set in the environment.
    /// </summary>
    public static async Task<object> TenantsAsync(Driver driver, int tenants, int connections, int seconds)
    {
        for (var at = 0; at < tenants; at++) await driver.RegisterAsync($"tenant{at}", "add", LoadCommand.Add).ConfigureAwait(false);
        var requests = Enumerable.Range(0, tenants)
            .Select(at => RawClient.Encode("POST", $"/u/tenant{at}/fn/add/run", "[5,6]", Driver.Waiting)).ToArray();
        await LoopAsync(TimeSpan.FromSeconds(seconds)).ConfigureAwait(false);
        var (jobs, histogram, elapsed) = await LoopAsync(TimeSpan.FromSeconds(seconds)).ConfigureAwait(false);
        return new
        {
            tenants, connections, jobs, jobsPerSecond = Math.Round(jobs / elapsed.TotalSeconds, 1),
            p50Ms = histogram.GetValueAtPercentile(50) / 1000.0, p99Ms = histogram.GetValueAtPercentile(99) / 1000.0,
        };

        async Task<(long Jobs, HdrHistogram.LongHistogram Histogram, TimeSpan Elapsed)> LoopAsync(TimeSpan duration)
        {
            var all = Driver.NewHistogram();
            var (next, begun) = (-1L, Stopwatch.GetTimestamp());
            await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
            {
                using var client = await driver.ConnectAsync().ConfigureAwait(false);
                var own = Driver.NewHistogram();
                while (Stopwatch.GetElapsedTime(begun) < duration)
                {
                    var sent = Stopwatch.GetTimestamp();
                    await Driver.ExpectResultAsync(client, requests[Interlocked.Increment(ref next) % tenants]).ConfigureAwait(false);
                    Driver.Record(own, sent);
                }
                lock (all) all.Add(own);
            })).ConfigureAwait(false);
            return (all.TotalCount, all, Stopwatch.GetElapsedTime(begun));
        }
    }

    /// <summary>First runs of functions with a source of their own each, and five warm runs after each.</summary>
    public static async Task<object> ColdStartAsync(Driver driver, int functions)
    {
        using var client = await driver.ConnectAsync().ConfigureAwait(false);
        var first = Driver.NewHistogram();
        var warm = Driver.NewHistogram();
        for (var at = 0; at < functions; at++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"cold{at}");
            await driver.RegisterAsync("bench", name, $"(a, b) => a + b + {at} - {at}", newUser: false).ConfigureAwait(false);
            var request = RawClient.Encode("POST", $"/u/bench/fn/{name}/run", "[5,6]", Driver.Waiting);
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
}
