using System.Diagnostics;
using HdrHistogram;

namespace FaaS.Benchmarks.Load;

/// <summary>What one measurement found.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Jobs">Jobs that came back with the right value.</param>
/// <param name="Errors">Jobs that did not: another status, or another value.</param>
/// <param name="JobsPerSecond">Right jobs only.</param>
/// <param name="P50Ms">Median latency of the right jobs.</param>
/// <param name="P90Ms">90th percentile.</param>
/// <param name="P99Ms">99th percentile.</param>
/// <param name="MaxMs">The slowest.</param>
/// <param name="DriverMachineShare">The driver's CPU time over wall time over cores.</param>
/// <param name="DriverCpuShare">The driver's part of what driver and platform used; null when the platform runs elsewhere.</param>
/// <param name="DriverCpuUsPerRequest">The driver's CPU time a request, kernel included.</param>
/// <param name="PlatformCpuUsPerJob">The platform's CPU time a job, children included; null when it runs elsewhere.</param>
internal sealed record Figures(
    string Scenario, long Jobs, long Errors, double JobsPerSecond, double P50Ms, double P90Ms, double P99Ms, double MaxMs,
    double DriverMachineShare, double? DriverCpuShare, double DriverCpuUsPerRequest, double? PlatformCpuUsPerJob);

/// <summary>Counts what went wrong, and gives up once it is clear that nothing goes right.</summary>
internal sealed class Tally(long errorsMax = 100)
{
    private long _errors;

    public long Errors => Volatile.Read(ref _errors);

    public void Add(InvalidDataException error)
    {
        var errors = Interlocked.Increment(ref _errors);
        if (errors == 1) Console.Error.WriteLine($"First error: {error.Message}");
        if (errors > errorsMax) throw new InvalidOperationException($"More than {errorsMax} errors.", error);
    }
}

/// <summary>The time and the CPU of both sides between its making and its closing.</summary>
internal sealed class Window(Platform platform, int requestsPerJob)
{
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly TimeSpan _driver = Environment.CpuUsage.TotalTime;
    private readonly double _platform = platform.CpuSeconds();

    public Figures Close(string scenario, Tally tally, LongHistogram histogram)
    {
        var seconds = Stopwatch.GetElapsedTime(_begun).TotalSeconds;
        var driver = (Environment.CpuUsage.TotalTime - _driver).TotalSeconds;
        double? used = platform.Pid == 0 ? null : platform.CpuSeconds() - _platform;
        var jobs = histogram.TotalCount;
        var tries = Math.Max(1, jobs + tally.Errors);
        return new Figures(scenario, jobs, tally.Errors, jobs / seconds, Ms(50), Ms(90), Ms(99), Ms(100),
            driver / seconds / Environment.ProcessorCount, driver / (driver + used),
            driver * 1e6 / tries / requestsPerJob, used * 1e6 / tries);

        double Ms(double percentile) => jobs == 0 ? 0 : histogram.GetValueAtPercentile(percentile) / 1000.0;
    }
}
