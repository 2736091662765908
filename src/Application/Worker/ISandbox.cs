using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Worker;

/// <summary>One call of one function: everything the sandbox needs to know, and nothing about the platform.</summary>
/// <param name="User">The user's name: whose code it is, for the kill quota, which outlives a generation.</param>
/// <param name="Owner">The user's generation: whose code it is, for <c>Sandbox:Reuse=owner</c>.</param>
/// <param name="Hash">The source's identity; compiled scripts are cached by it.</param>
/// <param name="Source">The source's UTF-8 bytes, as registered.</param>
/// <param name="Arguments">A JSON array in UTF-8.</param>
/// <param name="Limits">Time and memory bounds.</param>
/// <param name="Environment">What it finds in <c>env</c>: a JSON object of strings in UTF-8; empty for nothing.</param>
/// <param name="Lines">Hears what it writes while it runs; null for nobody. The result has it all in any case.</param>
public sealed record Invocation(
    string User, long Owner, SourceHash Hash, ReadOnlyMemory<byte> Source, ReadOnlyMemory<byte> Arguments,
    FunctionLimits Limits, ReadOnlyMemory<byte> Environment = default, ILogTap? Lines = null);

/// <summary>Hears what a function writes to its console while it runs.</summary>
public interface ILogTap
{
    /// <summary>
    /// Takes whole lines, as the result's log will have them: JSON objects separated by commas, with a comma first where others
    /// came before. Called by who reads from the sandbox, so it must neither wait nor throw.
    /// </summary>
    void Append(ReadOnlySpan<byte> lines);
}

/// <summary>What evaluating a source without calling it showed.</summary>
/// <param name="IsFunction">Whether it came out as something callable.</param>
/// <param name="Message">What is wrong, in one sentence; null when nothing is.</param>
/// <param name="Line">Line of the user's own source, from 1; null when unknown.</param>
/// <param name="Column">Column of the user's own source, from 1; null when unknown.</param>
/// <param name="PlatformFailed">Nothing was shown: the sandbox did not do its part, and trying again makes sense.</param>
/// <param name="RetryAfterSeconds">When to try again; null when nothing speaks against trying at once.</param>
public sealed record SourceCheck(
    bool IsFunction, string? Message, int? Line, int? Column, bool PlatformFailed = false, int? RetryAfterSeconds = null);

/// <summary>
/// Runs user code where it can reach nothing: in disposable child processes. Implementations never throw for what a
/// function does; whatever happens to the child is an <see cref="Outcome"/>.
/// </summary>
public interface ISandbox
{
    /// <summary>Functions that can run at the same time, at least 1.</summary>
    int Slots { get; }

    /// <summary>
    /// How many invocations of this user it runs at a time: <see cref="Slots"/>, or one for a minute after the user's
    /// code destroyed three children within ten seconds. It sees to that itself; a worker that asks before it starts an
    /// invocation does not fill its slots with some that wait for each other.
    /// </summary>
    int SlotsFor(string user);

    /// <summary>
    /// Runs one invocation to its end. The caller keeps at most <see cref="Slots"/> of them under way; one more waits
    /// for a child to be free. Cancelling <paramref name="stop"/> kills the child without grace and gives
    /// <see cref="Outcome.Cancelled"/> with what was used until then, unless the result was already read.
    /// </summary>
    Task<AttemptResult> RunAsync(Invocation invocation, CancellationToken stop);

    /// <summary>
    /// Evaluates a source without calling it, in a child, under a deadline of one second. Checks run beside the slots,
    /// one at a time, users by turns; beyond a bounded line, and for a minute after a user's sources destroyed three
    /// children within ten seconds, <see cref="SourceCheck.PlatformFailed"/> with a time to come back.
    /// </summary>
    /// <param name="user">The user's name: whose source it is.</param>
    /// <param name="source">The source's UTF-8 bytes.</param>
    /// <param name="cancellation">Leaves the line. A check under way goes on: to give up must not cost a child.</param>
    Task<SourceCheck> CheckAsync(string user, ReadOnlyMemory<byte> source, CancellationToken cancellation);
}
