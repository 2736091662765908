using System.Diagnostics.Metrics;

namespace FaaS.Application.Telemetry;

/// <summary>What all meters have in common. <c>docs/operations.md</c> lists the instruments.</summary>
public static class Instruments
{
    /// <summary>The meter of the modules; technologies have their own, <c>FaaS.Sandbox</c> and so on.</summary>
    public const string MeterName = "FaaS";

    /// <summary>Buckets for spans from a quarter of a millisecond to a minute.</summary>
    public static InstrumentAdvice<double> Seconds { get; } = new()
    {
        HistogramBucketBoundaries =
        [
            0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
        ],
    };

    /// <summary>Buckets for how many things were done at once.</summary>
    public static InstrumentAdvice<int> Batch { get; } = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256],
    };

    /// <summary>
    /// A meter of the container, which disposes of it; in a container without metrics a meter of nobody's, which whoever
    /// listens to meters of that name hears all the same.
    /// </summary>
    /// <param name="meters">The container's meters.</param>
    /// <param name="name">The meter's name.</param>
    public static Meter CreateMeter(this IMeterFactory? meters, string name = MeterName) =>
        meters is null ? new Meter(name) : meters.Create(new MeterOptions(name));
}
