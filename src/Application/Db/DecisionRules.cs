using FaaS.Domain;
using FluentValidation;

namespace FaaS.Application.Db;

/// <summary>Rules for decisions that are sent to be stored; whoever relays them refuses what the store would.</summary>
internal static class DecisionRules
{
    public static void Scaler<T>(this IRuleBuilder<T, Guid> rule) =>
        rule.NotEmpty().WithMessage("The scaler's identity is missing.");

    public static void DecisionCount<T>(this IRuleBuilder<T, int> rule) =>
        rule.InclusiveBetween(1, DecisionLimits.BatchMax)
            .WithMessage($"Record 1 to {DecisionLimits.BatchMax} decisions at a time.");

    public static void Decision<T>(this IRuleBuilderInitialCollection<T, DecisionReport> rule) =>
        rule.NotNull().WithMessage("A decision is missing.").ChildRules(decision =>
        {
            decision.RuleFor(row => row).Must(row => new[] { row.Policy, row.Rule, row.Fleet, row.Outcome }
                    .All(word => (word?.Length ?? 0) <= DecisionLimits.WordCharsMax))
                .WithErrorCode(nameof(ErrorCode.TooLarge))
                .WithMessage(
                    $"A policy, rule, fleet or outcome has at most {DecisionLimits.WordCharsMax} characters.");
            decision.RuleFor(row => row).Must(row => row.Reason.Length <= DecisionLimits.SentenceCharsMax
                    && (row.Detail?.Length ?? 0) <= DecisionLimits.SentenceCharsMax)
                .WithErrorCode(nameof(ErrorCode.TooLarge))
                .WithMessage($"A reason or detail has at most {DecisionLimits.SentenceCharsMax} characters.");
            // JSON has no word for the others.
            decision.RuleFor(row => row.Measures).Must(measures => measures is null
                    || (double.IsFinite(measures.ArrivalsPerSecond) && double.IsFinite(measures.ServiceMs)
                        && double.IsFinite(measures.BusySlots) && double.IsFinite(measures.SlotsPerWorker)
                        && double.IsFinite(measures.PredictedWaitMs ?? 0) && double.IsFinite(measures.MeasuredSeconds)))
                .WithMessage("The measures must be finite numbers.");
        });
}
