namespace FaaS.Domain.Jobs;

/// <summary>How an attempt, or a job, ended. The list is closed.</summary>
public enum Outcome
{
    /// <summary>The function returned.</summary>
    Success,

    /// <summary>The function threw, or returned what JSON cannot say.</summary>
    UserError,

    /// <summary>Over its wall-clock or CPU limit.</summary>
    Timeout,

    /// <summary>Over its memory limit.</summary>
    MemoryExceeded,

    /// <summary>The result is over its limit.</summary>
    ResultTooLarge,

    /// <summary>Its owner stopped it.</summary>
    Cancelled,

    /// <summary>No attempt started before its time to live was over.</summary>
    Expired,

    /// <summary>The sandbox died.</summary>
    Crashed,

    /// <summary>The platform failed.</summary>
    PlatformError,
}

/// <summary>Where a job's life stands, as clients see it.</summary>
public enum JobState
{
    /// <summary>Waits for its due time.</summary>
    Delayed,

    /// <summary>Waits for a worker.</summary>
    Queued,

    /// <summary>A worker holds its lease.</summary>
    Running,

    /// <summary>Ended with <see cref="Outcome.Success"/>.</summary>
    Succeeded,

    /// <summary>Ended by the function's own doing.</summary>
    Failed,

    /// <summary>Ended by the platform's doing; may be redriven.</summary>
    DeadLettered,

    /// <summary>Ended by its owner.</summary>
    Cancelled,

    /// <summary>Ended unstarted, at its time to live.</summary>
    Expired,
}

/// <summary>Spelling of states and outcomes, and which outcome ends in which state.</summary>
public static class Outcomes
{
    private static readonly string[] OutcomeWords =
        [.. Enum.GetValues<Outcome>().Select(outcome => Spelling.SnakeCase(outcome.ToString()))];

    private static readonly string[] StateWords =
        [.. Enum.GetValues<JobState>().Select(state => Spelling.SnakeCase(state.ToString()))];

    /// <summary>The word clients see, e.g. <c>memory_exceeded</c>.</summary>
    public static string Word(this Outcome outcome) => OutcomeWords[(int)outcome];

    /// <summary>The word clients see, e.g. <c>dead_lettered</c>.</summary>
    public static string Word(this JobState state) => StateWords[(int)state];

    /// <summary>Whether the state never changes any more.</summary>
    public static bool IsTerminal(this JobState state) => state >= JobState.Succeeded;

    /// <summary>The state a job ends in when its last attempt had this outcome.</summary>
    public static JobState TerminalState(this Outcome outcome) => outcome switch
    {
        Outcome.Success => JobState.Succeeded,
        Outcome.Cancelled => JobState.Cancelled,
        Outcome.Expired => JobState.Expired,
        Outcome.Crashed or Outcome.PlatformError => JobState.DeadLettered,
        _ => JobState.Failed,
    };
}
