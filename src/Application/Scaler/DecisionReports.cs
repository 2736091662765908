using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Scaling;

namespace FaaS.Application.Scaler;

/// <summary>Makes what is recorded of a decision.</summary>
internal static class DecisionReports
{
    /// <summary>
    /// What is recorded. Texts are cut to what the log takes: one that is too long, such as what a tool printed, must not
    /// keep a whole batch from being recorded.
    /// </summary>
    /// <param name="decision">The decision.</param>
    /// <param name="number">Its number, larger than those this scaler has given before.</param>
    /// <param name="fleet">The fleet's name; null when the scaler only advises.</param>
    /// <param name="outcome">How the change ended; null when nothing was to be changed.</param>
    /// <param name="detail">One sentence when it went wrong; else null.</param>
    public static DecisionReport ToReport(
        this ScalingDecision decision, long number, string? fleet, FleetOutcome? outcome, string? detail) => new(
        number, decision.At, decision.Policy, decision.Word, decision.Present, decision.Desired, decision.Target,
        Cut(decision.Reason), decision.Sample, decision.Measures, fleet,
        outcome is { } end ? Spelling.SnakeCase(end.ToString()) : null, detail is null ? null : Cut(detail));

    private static string Cut(string sentence) => sentence.Length <= DecisionLimits.SentenceCharsMax
        ? sentence
        : string.Concat(sentence.AsSpan(0, DecisionLimits.SentenceCharsMax - 1), "…");
}
