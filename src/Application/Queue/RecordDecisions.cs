using FaaS.Application.Db;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Takes a scaler's decisions to Db, which the scaler has no way to. Answered when they are durable; a scaler that hears
/// nothing sends them again, and none is recorded twice.
/// </summary>
/// <param name="Scaler">The instance that decided; one that is started again is another.</param>
/// <param name="Decisions">1 to 100 decisions, in their order.</param>
public sealed record RecordDecisions(Guid Scaler, IReadOnlyList<DecisionReport> Decisions)
    : IRequest<Result<StoredDecisions>>;

internal sealed class RecordDecisionsValidator : AbstractValidator<RecordDecisions>
{
    public RecordDecisionsValidator()
    {
        RuleFor(request => request.Scaler).Scaler();
        RuleFor(request => request.Decisions.Count).DecisionCount();
        RuleForEach(request => request.Decisions).Decision();
    }
}

/// <summary>Past the loop: no job waits for it, and a queue that starts can do it already.</summary>
internal sealed class RecordDecisionsHandler(IMediator mediator)
    : IRequestHandler<RecordDecisions, Result<StoredDecisions>>
{
    public Task<Result<StoredDecisions>> Handle(RecordDecisions request, CancellationToken cancellationToken) =>
        mediator.Send(new StoreDecisions(request.Scaler, request.Decisions), cancellationToken);
}
