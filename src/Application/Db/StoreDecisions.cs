using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Puts decisions of a scaler into the log. Repeating it unchanged is safe.</summary>
/// <param name="Scaler">The instance that decided; one that is started again is another.</param>
/// <param name="Decisions">1 to 100 decisions, in their order.</param>
public sealed record StoreDecisions(Guid Scaler, IReadOnlyList<DecisionReport> Decisions)
    : IRequest<Result<StoredDecisions>>;

/// <summary>Decisions that are durable.</summary>
/// <param name="New">How many of them were not in the log before.</param>
public sealed record StoredDecisions(int New);

internal sealed class StoreDecisionsValidator : AbstractValidator<StoreDecisions>
{
    public StoreDecisionsValidator()
    {
        RuleFor(request => request.Scaler).Scaler();
        RuleFor(request => request.Decisions.Count).DecisionCount();
        RuleForEach(request => request.Decisions).Decision();
    }
}

internal sealed class StoreDecisionsHandler(IDecisionStore decisions)
    : IRequestHandler<StoreDecisions, Result<StoredDecisions>>
{
    public async Task<Result<StoredDecisions>> Handle(StoreDecisions request, CancellationToken cancellationToken)
    {
        var added = await decisions.AppendAsync(request.Scaler, request.Decisions, cancellationToken)
            .ConfigureAwait(false);
        return added.IsOk ? new StoredDecisions(added.Value) : added.Error;
    }
}
