using System.Globalization;

namespace FaaS.Domain.Scaling;

/// <summary>What every policy keeps to.</summary>
public sealed record ScalingBounds
{
    /// <summary>The most workers any policy can be allowed.</summary>
    public const int MostWorkers = 10_000;

    /// <summary>The fewest workers there are.</summary>
    /// <value>0 to <see cref="WorkerMax"/>; default 1, the original's WORKER_MIN.</value>
    public int WorkerMin { get; init; } = 1;

    /// <summary>The most workers there are.</summary>
    /// <value>1 to 10,000; default 64, the original's WORKER_MAX.</value>
    public int WorkerMax { get; init; } = 64;

    /// <summary>
    /// The age at which a sample says nothing any more, and the longest gap between two samples that rates are measured
    /// over: a few times the interval they are taken at.
    /// </summary>
    /// <value>1 s to 1 h; default 15 s, three of the default interval.</value>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Refuses values outside of their ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It names the property and its range.</exception>
    internal void Validate()
    {
        Require(WorkerMax is >= 1 and <= MostWorkers, nameof(WorkerMax), WorkerMax, $"1 to {MostWorkers}");
        Require(WorkerMin >= 0 && WorkerMin <= WorkerMax, nameof(WorkerMin), WorkerMin, $"0 to WorkerMax ({WorkerMax})");
        Require(StaleAfter >= TimeSpan.FromSeconds(1) && StaleAfter <= TimeSpan.FromHours(1),
            nameof(StaleAfter), StaleAfter, "1 s to 1 h");
    }

    /// <summary>Refuses a value that is not in its range.</summary>
    internal static void Require<T>(bool holds, string property, T value, string range)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(
                property, value, string.Create(CultureInfo.InvariantCulture, $"{property} must be {range}."));
    }
}
