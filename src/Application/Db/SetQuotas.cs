using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Users;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>
/// Sets quotas of a user's name, whether there is such a user or not. Those it does not name stay. Repeating it is safe.
/// </summary>
/// <param name="User">The user's name.</param>
/// <param name="Changes">1 to as many as there are quotas, each named once.</param>
/// <param name="By">Who asks for it, for the audit log; null from a frontend of an older release.</param>
public sealed record SetQuotas(string User, IReadOnlyList<QuotaChange> Changes, Origin? By = null)
    : IRequest<Result<GrantedQuotas>>;

/// <summary>What holds for a user now.</summary>
/// <param name="Terms">For the queue.</param>
/// <param name="Overrides">What is set for the user.</param>
public sealed record GrantedQuotas(UserTerms Terms, QuotaOverrides Overrides);

internal sealed class SetQuotasValidator : AbstractValidator<SetQuotas>
{
    public SetQuotasValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.By).Origin();
        RuleFor(request => request.Changes.Count).InclusiveBetween(1, Quota.All.Count)
            .WithMessage($"Set 1 to {Quota.All.Count} quotas at a time.");
        RuleFor(request => request.Changes).Must(changes => changes.DistinctBy(change => change.Quota).Count() == changes.Count)
            .WithMessage("A quota is set twice; name each once.");
        RuleForEach(request => request.Changes).Must(change => Quota.Find(change.Quota) is not null)
            .WithMessage((_, change) => QuotaMessages.NoQuota(change.Quota));
        RuleForEach(request => request.Changes)
            .Must(change => change.Value is not { } value || Quota.Find(change.Quota) is not { } quota || quota.Allows(value))
            .WithMessage((_, change) => QuotaMessages.OutOfRange(Quota.Find(change.Quota)!));
    }
}

internal sealed class SetQuotasHandler(IQuotaStore quotas, TermsBook book, TimeProvider time)
    : IRequestHandler<SetQuotas, Result<GrantedQuotas>>
{
    public async Task<Result<GrantedQuotas>> Handle(SetQuotas request, CancellationToken cancellationToken)
    {
        var note = AuditNote.Of(
            request.By, time, AuditActions.SetQuotas, request.User, after: AuditTexts.Changes(request.Changes));
        var own = await quotas.ChangeAsync(request.User, request.Changes, note, cancellationToken).ConfigureAwait(false);
        if (!own.IsOk) return own.Error;
        var terms = await book.ReadAsync(own.Value, cancellationToken).ConfigureAwait(false);
        // They are set: what cannot be said of their use now, the queue asks for within a minute.
        return new GrantedQuotas(
            terms.IsOk
                ? terms.Value
                : new UserTerms(request.User, own.Value.Revision, own.Value.Overrides.Over(book.Defaults), null, null),
            own.Value.Overrides);
    }
}
