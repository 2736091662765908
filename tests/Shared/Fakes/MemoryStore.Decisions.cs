using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Tests.Shared.Fakes;

/// <content>The log of decisions; it is never trimmed.</content>
public sealed partial class MemoryStore : IDecisionStore
{
    private readonly List<RecordedDecision> _decisions = [];
    private readonly HashSet<(Guid Scaler, long Number)> _recorded = [];

    public Task<Result<int>> AppendAsync(
        Guid scaler, IReadOnlyList<DecisionReport> decisions, CancellationToken cancellation) => AnswerAsync(() =>
    {
        var added = decisions.Where(decision => _recorded.Add((scaler, decision.Number))).ToList();
        foreach (var decision in added) _decisions.Add(new RecordedDecision(_decisions.Count + 1, decision));
        return added.Count;
    });

    public Task<Result<DecisionPage>> ListAsync(
        long before, bool changesOnly, int maxRows, int maxChars, CancellationToken cancellation) => AnswerAsync(() =>
    {
        RecordedDecision[] found =
        [
            .. _decisions.Where(row => row.Id < before && (!changesOnly || row.Decision.IsChange)).Reverse(),
        ];
        return new DecisionPage([.. found.Take(maxRows)], found.Length > maxRows);
    });
}
