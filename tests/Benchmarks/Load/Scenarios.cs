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
