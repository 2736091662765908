using static FaaS.Domain.Scaling.ScalingBounds;

namespace FaaS.Domain.Scaling;

/// <summary>Settings of <see cref="QueueDelayPolicy"/>.</summary>
public sealed record QueueDelayOptions
{
    /// <summary>How long a job may wait for a slot.</summary>
    /// <value>10 ms to 1 h; default 2 s.</value>
    public TimeSpan TargetWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The share of the slots that the flow of jobs may keep busy; the rest is for what comes unevenly.</summary>
    /// <value>0.1 to 1; default 0.75.</value>
    public double Utilisation { get; init; } = 0.75;

    /// <summary>Rates are measured over this, and nothing is taken away that was needed within it.</summary>
    /// <value>10 s to 1 h; default 60 s.</value>
    public TimeSpan StableWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Sudden load is looked for in this; at least since the sample before the newest.</summary>
    /// <value>1 s to <see cref="StableWindow"/>; default 6 s.</value>
    public TimeSpan PanicWindow { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How many times the present workers the panic window has to ask for.</summary>
    /// <value>1.1 to 100; default 2.</value>
    public double PanicThreshold { get; init; } = 2;

    /// <summary>An attempt's wall time when none has ended within memory.</summary>
    /// <value>1 ms to 1 h; default 1 s.</value>
    public TimeSpan AssumedService { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Jobs a worker runs at a time, as long as no worker has said so.</summary>
    /// <value>1 to 1,024; default 2.</value>
    public int AssumedSlots { get; init; } = 2;

    internal void Validate()
    {
        var hour = TimeSpan.FromHours(1);
        Require(TargetWait.TotalMilliseconds >= 10 && TargetWait <= hour, nameof(TargetWait), TargetWait, "10 ms to 1 h");
        Require(Utilisation is >= 0.1 and <= 1, nameof(Utilisation), Utilisation, "0.1 to 1");
        Require(StableWindow.TotalSeconds >= 10 && StableWindow <= hour, nameof(StableWindow), StableWindow, "10 s to 1 h");
        Require(PanicWindow.TotalSeconds >= 1 && PanicWindow <= StableWindow,
            nameof(PanicWindow), PanicWindow, $"1 s to StableWindow ({StableWindow})");
        Require(PanicThreshold is >= 1.1 and <= 100, nameof(PanicThreshold), PanicThreshold, "1.1 to 100");
        Require(AssumedService.TotalMilliseconds >= 1 && AssumedService <= hour,
            nameof(AssumedService), AssumedService, "1 ms to 1 h");
        Require(AssumedSlots is >= 1 and <= 1_024, nameof(AssumedSlots), AssumedSlots, "1 to 1,024");
    }
}
