namespace FaaS.Domain.Functions;

/// <summary>A value that a function finds in <c>env</c> under a name.</summary>
/// <param name="Name">Letters, digits and underscores, no digit first.</param>
/// <param name="Value">Any text.</param>
public sealed record EnvironmentValue(string Name, string Value)
{
    /// <summary>Without the value, which may be a secret and is nobody's to read in a log.</summary>
    public override string ToString() => Name;
}

/// <summary>One secret and what it is to be.</summary>
/// <param name="Name">As in <see cref="EnvironmentValue"/>.</param>
/// <param name="Value">Its value; null to remove it.</param>
public sealed record SecretChange(string Name, string? Value)
{
    /// <summary>Without the value, which is nobody's to read in a log.</summary>
    public override string ToString() => Name;
}

/// <summary>When a function is tried again, as its owner says it; what is not said has a default.</summary>
/// <param name="Attempts">Attempts in all; default 3.</param>
/// <param name="BackoffMs">The first retry's delay in ms; default 1,000, or the longest delay if that is less.</param>
/// <param name="MaxBackoffMs">The longest delay in ms; default 60,000, or the first delay if that is more.</param>
public sealed record RetrySettings(int? Attempts = null, int? BackoffMs = null, int? MaxBackoffMs = null)
{
    private const int AttemptsDefault = 3, BackoffMsDefault = 1_000, MaxBackoffMsDefault = 60_000;

    /// <summary>The same with its defaults.</summary>
    public RetryPolicy ToPolicy() => new(
        Attempts ?? AttemptsDefault,
        BackoffMs ?? Math.Min(BackoffMsDefault, MaxBackoffMs ?? BackoffMsDefault),
        MaxBackoffMs ?? Math.Max(MaxBackoffMsDefault, BackoffMs ?? 0));
}

/// <summary>What a function's owner has configured, all but the secrets. What is null is the platform's to choose.</summary>
/// <param name="Runtime">What runs it: <see cref="SettingsRules.JavaScript"/>.</param>
/// <param name="TimeoutMs">Wall-clock and CPU bound of one invocation, in ms.</param>
/// <param name="MemoryMb">Memory bound of one invocation, in MiB.</param>
/// <param name="Concurrency">Jobs of the function that run at a time at most; 0 for no bound of its own.</param>
/// <param name="Retry">When it is tried again; null for the platform's own rule.</param>
/// <param name="Env">What it finds in <c>env</c> beside its secrets; null for nothing.</param>
public sealed record FunctionSettings(
    string? Runtime = null, int? TimeoutMs = null, int? MemoryMb = null, int? Concurrency = null,
    RetrySettings? Retry = null, IReadOnlyList<EnvironmentValue>? Env = null)
{
    /// <summary>Nothing is configured.</summary>
    public static FunctionSettings None { get; } = new();

    /// <summary>The bounds of an invocation.</summary>
    /// <param name="defaults">What is not configured.</param>
    public FunctionLimits LimitsOver(FunctionLimits defaults) => new(
        TimeoutMs is { } ms ? TimeSpan.FromMilliseconds(ms) : defaults.Timeout, MemoryMb ?? defaults.MemoryMiB);

    /// <summary>Whether both say the same; lists are compared by what is in them.</summary>
    public bool IsLike(FunctionSettings other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this with { Env = null } == other with { Env = null } && (Env ?? []).SequenceEqual(other.Env ?? []);
    }
}
