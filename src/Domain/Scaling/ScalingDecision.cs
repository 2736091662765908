namespace FaaS.Domain.Scaling;

/// <summary>What decided the number of workers.</summary>
public enum ScalingRule
{
    /// <summary>There is no sample: nothing is decided.</summary>
    Missing,

    /// <summary>The newest sample is too old, or from the future: nothing is decided.</summary>
    Stale,

    /// <summary>The queue's store is away, so no worker gets a job: nothing is decided.</summary>
    StoreAway,

    /// <summary>Whoever starts and stops the workers does not say how many there are: nothing is decided.</summary>
    FleetAway,

    /// <summary>The number is right.</summary>
    Enough,

    /// <summary>The flow of jobs needs more than there are.</summary>
    Flow,

    /// <summary>The jobs that wait already need more than there are.</summary>
    Backlog,

    /// <summary>Jobs have waited longer than they should, although every slot is taken.</summary>
    Late,

    /// <summary>Workers are said to run, the queue hears none of them, and jobs wait.</summary>
    Unheard,

    /// <summary>The load of the last seconds is far more than the workers carry; for a while nothing is taken away.</summary>
    Panic,

    /// <summary>Fewer would do.</summary>
    Surplus,

    /// <summary>Fewer would do now, but the last minute needed what there is.</summary>
    Settling,

    /// <summary>Fewer might do, but too little of the last minute was seen to know.</summary>
    Learning,

    /// <summary>The number was outside of its bounds.</summary>
    Bounds,
}

/// <summary>What a policy made of the samples before it decided.</summary>
/// <param name="ArrivalsPerSecond">Jobs that came to wait for a worker, over the stable window.</param>
/// <param name="ServiceMs">Mean wall time of an attempt, in ms; assumed when none has ended.</param>
/// <param name="BusySlots">Slots in use on average over the stable window.</param>
/// <param name="SlotsPerWorker">Jobs a worker runs at a time.</param>
/// <param name="PredictedWaitMs">
/// How long a job that comes now waits until the workers present have taken those before it, in ms; null when there is
/// no worker.
/// </param>
/// <param name="MeasuredSeconds">How much of the stable window the rates were measured over.</param>
public sealed record ScalingMeasures(
    double ArrivalsPerSecond, double ServiceMs, double BusySlots, double SlotsPerWorker, double? PredictedWaitMs,
    double MeasuredSeconds);

/// <summary>How many workers there should be, and why.</summary>
/// <param name="At">When it was decided.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Rule">What decided.</param>
/// <param name="Present">Workers present, those being started included; 0 when not known.</param>
/// <param name="Desired">Workers the load asks for, before bounds and speed limits; null when nothing was decided.</param>
/// <param name="Target">Workers to have from now on; null when nothing was decided and the fleet is to be left alone.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Sample">The newest sample; null when there is none.</param>
/// <param name="Measures">What was measured; null when the policy measures nothing.</param>
public sealed record ScalingDecision(
    DateTimeOffset At, string Policy, ScalingRule Rule, int Present, int? Desired, int? Target, string Reason,
    ScalingSample? Sample, ScalingMeasures? Measures)
{
    /// <summary>The rule's word in logs and answers, e.g. <c>store_away</c>.</summary>
    public string Word => Spelling.SnakeCase(Rule.ToString());

    /// <summary>Whether the number of workers is to change.</summary>
    public bool IsChange => Target is { } target && target != Present;
}
