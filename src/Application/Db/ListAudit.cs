using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A page of the audit log, the newest entry first.</summary>
/// <param name="Query">Which entries: 1 to 1,000; a page may have fewer and say that there are more.</param>
public sealed record ListAudit(AuditQuery Query) : IRequest<Result<AuditPage>>;

internal sealed class ListAuditValidator : AbstractValidator<ListAudit>
{
    public ListAuditValidator()
    {
        RuleFor(request => request.Query.Max).InclusiveBetween(1, AuditLimits.PageMax)
            .WithMessage($"A page has 1 to {AuditLimits.PageMax} entries.");
        RuleFor(request => request.Query.User!).UserName().When(request => request.Query.User is not null);
        RuleFor(request => request.Query.Action).Must(action => action is null || AuditActions.All.Contains(action))
            .WithMessage(AuditRules.ActionMessage);
        RuleFor(request => request.Query)
            .Must(query => query is { FromMs: >= 0, ToMs: >= 0, Before: >= 0 }
                && (query.ToMs == 0 || query.FromMs <= query.ToMs))
            .WithMessage("The times of a query are after 1970, the first before the last, and an entry's id is 1 or more.");
    }
}

internal sealed class ListAuditHandler(IAuditStore audit) : IRequestHandler<ListAudit, Result<AuditPage>>
{
    /// <summary>The texts are ASCII: well within the transport's 2 MiB.</summary>
    private const int PageChars = 512 << 10;

    public Task<Result<AuditPage>> Handle(ListAudit request, CancellationToken cancellationToken) =>
        audit.ListAsync(request.Query, PageChars, cancellationToken);
}
