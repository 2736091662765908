namespace FaaS.Application.Scaler;

/// <summary>
/// The workers as whoever starts and stops them sees them: processes of this machine, or a platform that runs containers.
/// Every call may be repeated: numbers are absolute, and what is asked for twice is done once. A call returns when the
/// change has been asked for, not when it has happened. What goes wrong is logged by the fleet and told in the answer; only
/// <see cref="OperationCanceledException"/> is thrown, when a call is cancelled. Calls come one at a time.
/// </summary>
public interface IWorkerFleet
{
    /// <summary>The word for it in settings, logs and metrics, e.g. <c>process</c>.</summary>
    string Name { get; }

    /// <summary>Says what there is.</summary>
    Task<FleetAnswer> CurrentAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes it that many workers, those that drain not counted. Where there are too many it lets some leave, the
    /// drained ones where the fleet can choose; a worker that is let go drains before it ends, and is never killed
    /// before its drain timeout is over.
    /// </summary>
    /// <param name="workers">0 or more.</param>
    /// <param name="cancellationToken">Gives up; what was asked for may or may not happen.</param>
    Task<FleetAnswer> ScaleToAsync(int workers, CancellationToken cancellationToken);

    /// <summary>
    /// Marks workers as those that leave next: they stop taking jobs now, or, where the platform does that, once
    /// <see cref="ScaleToAsync"/> lets them go. A fleet that cannot choose does nothing and says it is done.
    /// </summary>
    /// <param name="names">Names that <see cref="CurrentAsync"/> gave; those that are gone are passed over.</param>
    /// <param name="cancellationToken">Gives up; some may be marked.</param>
    Task<FleetAnswer> DrainAsync(IReadOnlyList<string> names, CancellationToken cancellationToken);
}

/// <summary>How a call of a fleet ended.</summary>
public enum FleetOutcome
{
    /// <summary>It was done, or asked for.</summary>
    Done,

    /// <summary>The platform did not answer in time; whether it did what was asked is not known.</summary>
    TimedOut,

    /// <summary>The platform could not be reached, or its tool not be started.</summary>
    Unreachable,

    /// <summary>The platform refused, or its tool ended with a code that is not 0.</summary>
    Refused,

    /// <summary>What the platform answered makes no sense.</summary>
    Unreadable,

    /// <summary>There are no credentials yet, or none that can be read.</summary>
    NoCredentials,
}

/// <summary>What a fleet answered.</summary>
/// <param name="Outcome">How it went.</param>
/// <param name="Workers">
/// What there is now, those asked for included as starting; never null when <paramref name="Outcome"/> is
/// <see cref="FleetOutcome.Done"/>.
/// </param>
/// <param name="Detail">One sentence for people when it went wrong, without secrets; else null.</param>
public sealed record FleetAnswer(FleetOutcome Outcome, FleetWorkers? Workers, string? Detail)
{
    /// <summary>It went well.</summary>
    public static FleetAnswer Done(FleetWorkers workers) => new(FleetOutcome.Done, workers, null);

    /// <summary>It did not.</summary>
    public static FleetAnswer Fail(FleetOutcome outcome, string detail) => new(outcome, null, detail);
}

/// <summary>The workers of a fleet, by what they do.</summary>
/// <param name="Running">They take jobs.</param>
/// <param name="Starting">They were asked for and do not take jobs yet.</param>
/// <param name="Draining">They finish what they have and leave; they count as gone.</param>
/// <param name="Newest">
/// Names of those that run or start in the order in which they had best leave, those that start or are the newest first;
/// empty where the fleet does not know them apart.
/// </param>
public sealed record FleetWorkers(int Running, int Starting, int Draining, IReadOnlyList<string> Newest);
