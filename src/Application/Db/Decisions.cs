using System.Text.Json;
using FaaS.Domain;
using FaaS.Domain.Scaling;

namespace FaaS.Application.Db;

/// <summary>How much of the scaler's decisions there may be, on the way and in the store.</summary>
public static class DecisionLimits
{
    /// <summary>So many of the newest decisions are kept, and so many of the newest that were changes beside them.</summary>
    public const int Kept = 1_000;

    /// <summary>Decisions that are stored or read at a time.</summary>
    public const int BatchMax = 100, PageMax = Kept;

    /// <summary>Characters of a word (policy, rule, fleet, outcome) and of a sentence (reason, detail).</summary>
    public const int WordCharsMax = 64, SentenceCharsMax = 1_000;
}

/// <summary>
/// A scaler's decision and what became of it, as it is stored. Policies, rules, fleets and outcomes are words: what
/// another release wrote stays readable when it has some that this one does not know.
/// </summary>
/// <param name="Number">Its number at its scaler, which knows it again by that when it is sent twice.</param>
/// <param name="At">When it was decided, to the millisecond.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Rule">What decided, e.g. <c>store_away</c>.</param>
/// <param name="Present">Workers present, those being started included; 0 when not known.</param>
/// <param name="Desired">Workers the load asked for; null when nothing was decided.</param>
/// <param name="Target">Workers to have from then on; null when nothing was decided.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Sample">The newest sample; null when there was none.</param>
/// <param name="Measures">What was measured; null when the policy measures nothing.</param>
/// <param name="Fleet">The fleet that was to change, e.g. <c>process</c>; null when the scaler only advises.</param>
/// <param name="Outcome">How the change ended, e.g. <c>timed_out</c>; null when nothing was to be changed.</param>
/// <param name="Detail">One sentence when it went wrong; else null.</param>
public sealed record DecisionReport(
    long Number, DateTimeOffset At, string Policy, string Rule, int Present, int? Desired, int? Target, string Reason,
    ScalingSample? Sample, ScalingMeasures? Measures, string? Fleet, string? Outcome, string? Detail)
{
    /// <summary>Whether the number of workers was to change.</summary>
    public bool IsChange => Target is { } target && target != Present;

    /// <summary>The text that <see cref="ToText"/> made; what is missing in it is null or 0.</summary>
    /// <exception cref="JsonException">It is not such a text.</exception>
    public static DecisionReport Parse(string text) =>
        JsonSerializer.Deserialize(text, DbJson.Default.DecisionReport) ?? throw new JsonException("A decision is null.");

    /// <summary>The text, JSON, that stores keep: nothing but its order and whether it is a change is looked for.</summary>
    public string ToText() => JsonSerializer.Serialize(this, DbJson.Default.DecisionReport);
}

/// <summary>A decision in the log.</summary>
/// <param name="Id">Its place in the log, from 1: larger than those of all that were recorded before it was sent.</param>
/// <param name="Decision">The decision.</param>
public sealed record RecordedDecision(long Id, DecisionReport Decision);

/// <summary>A page of the log, the newest decision first.</summary>
/// <param name="Decisions">The decisions.</param>
/// <param name="More">Whether there are older ones beyond the page.</param>
public sealed record DecisionPage(IReadOnlyList<RecordedDecision> Decisions, bool More);

/// <summary>
/// The log of the scaler's decisions. It keeps the newest <see cref="DecisionLimits.Kept"/>, and as many of the newest
/// that were changes, so that a quiet day does not push out what was done before it.
/// </summary>
public interface IDecisionStore
{
    /// <summary>
    /// Appends decisions in their order, durable when it returns, and removes what is too old. One of the same scaler
    /// and number that is still in the log is left as it is, so the call may be repeated.
    /// </summary>
    /// <param name="scaler">The instance that decided.</param>
    /// <param name="decisions">1 to <see cref="DecisionLimits.BatchMax"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>
    /// How many were not there before; or <see cref="ErrorCode.NotDurable"/>, <see cref="ErrorCode.OutcomeUnknown"/>.
    /// </returns>
    Task<Result<int>> AppendAsync(Guid scaler, IReadOnlyList<DecisionReport> decisions, CancellationToken cancellation);

    /// <summary>A page of the log, the newest first.</summary>
    /// <param name="before">Only those with a smaller id; <see cref="long.MaxValue"/> for all.</param>
    /// <param name="changesOnly">Only those that were changes.</param>
    /// <param name="maxRows">At most this many.</param>
    /// <param name="maxChars">At most so many characters of their texts, but one decision at least.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<DecisionPage>> ListAsync(
        long before, bool changesOnly, int maxRows, int maxChars, CancellationToken cancellation);
}
