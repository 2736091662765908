using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A page of the scaler's decisions, the newest first.</summary>
/// <param name="Max">At most this many, 1 to 1,000; a page may have fewer and say that there are more.</param>
/// <param name="Before">Only those with a smaller id; 0 for the first page.</param>
/// <param name="ChangesOnly">Only those that change the number of workers.</param>
public sealed record ListDecisions(int Max, long Before = 0, bool ChangesOnly = false) : IRequest<Result<DecisionPage>>;

internal sealed class ListDecisionsValidator : AbstractValidator<ListDecisions>
{
    public ListDecisionsValidator()
    {
        RuleFor(request => request.Max).InclusiveBetween(1, DecisionLimits.PageMax)
            .WithMessage($"A page has 1 to {DecisionLimits.PageMax} decisions.");
        RuleFor(request => request.Before).GreaterThanOrEqualTo(0).WithMessage("A decision's id is 1 or more.");
    }
}

internal sealed class ListDecisionsHandler(IDecisionStore decisions)
    : IRequestHandler<ListDecisions, Result<DecisionPage>>
{
    /// <summary>The texts are ASCII: well within the transport's 2 MiB.</summary>
    private const int PageChars = 512 << 10;

    public Task<Result<DecisionPage>> Handle(ListDecisions request, CancellationToken cancellationToken) =>
        decisions.ListAsync(
            request.Before == 0 ? long.MaxValue : request.Before, request.ChangesOnly, request.Max, PageChars,
            cancellationToken);
}
