namespace FaaS.Domain.Jobs;

/// <summary>How the text of a result is to be read.</summary>
public enum ResultKind
{
    /// <summary>There is none: the attempt did not succeed.</summary>
    None,

    /// <summary>The text is JSON, and is also what <c>/res</c> answers.</summary>
    Json,

    /// <summary>The text is a string value, to be quoted where JSON is wanted.</summary>
    Text,

    /// <summary>The text is <c>String(value)</c> of something JSON has no word for (undefined, a function, NaN…).</summary>
    Opaque,
}

/// <summary>What the function threw, or what the platform says in its place.</summary>
/// <param name="Name">The error's name, e.g. <c>TypeError</c>; empty for a thrown value that is not an Error.</param>
/// <param name="Message">Its message; for a value that is not an Error, <c>String(value)</c>.</param>
/// <param name="Stack">The stack in the user's own line numbers; null when there is none.</param>
public sealed record FunctionError(string Name, string Message, string? Stack = null)
{
    /// <summary>What <c>/res</c> answers.</summary>
    public string Text => Name.Length == 0 ? Message : Message.Length == 0 ? Name : $"{Name}: {Message}";
}

/// <summary>What one attempt used.</summary>
/// <param name="Wall">Wall-clock time from hand-over to the sandbox to the end.</param>
/// <param name="Cpu">CPU time of the sandbox process over the same span.</param>
/// <param name="ColdStart">The part of <paramref name="Wall"/> spent before the function could be called.</param>
public readonly record struct ResourceUsage(TimeSpan Wall, TimeSpan Cpu, TimeSpan ColdStart);

/// <summary>What ended an attempt, as the worker reports it. Payloads are opaque UTF-8 bytes.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Kind">How to read <paramref name="Value"/>.</param>
/// <param name="Value">The result's UTF-8 text; empty unless it succeeded, or when it is stored apart.</param>
/// <param name="Error">What was thrown; null on success.</param>
/// <param name="Logs">A JSON array of <c>{at, level, text}</c> in UTF-8; empty when nothing was written.</param>
/// <param name="Usage">What it used.</param>
public sealed record AttemptResult(
    Outcome Outcome, ResultKind Kind, byte[] Value, FunctionError? Error, byte[] Logs, ResourceUsage Usage);
