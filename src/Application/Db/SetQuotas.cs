using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Users;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>
/// Replaces what is set for a user's name, whether there is such a user or not. Repeating it is safe.
/// </summary>
/// <param name="User">The user's name.</param>
/// <param name="Overrides">All that is to differ from the defaults.</param>
public sealed record SetQuotas(string User, QuotaOverrides Overrides) : IRequest<Result<GrantedQuotas>>;

/// <summary>What holds for a user now.</summary>
/// <param name="Terms">For the queue.</param>
/// <param name="Overrides">What is set for the user.</param>
public sealed record GrantedQuotas(UserTerms Terms, QuotaOverrides Overrides);

internal sealed class SetQuotasValidator : AbstractValidator<SetQuotas>
{
    public SetQuotasValidator()
    {
        RuleFor(request => request.User).UserName();
        foreach (var quota in Quota.All)
            RuleFor(request => request.Overrides)
                .Must(own => quota.Of(own) is not { } value || quota.Allows(value))
                .WithMessage($"{quota.Name} must be a whole number from {quota.Min} to {quota.Max}.");
    }
}

internal sealed class SetQuotasHandler(IQuotaStore quotas, TermsBook book)
    : IRequestHandler<SetQuotas, Result<GrantedQuotas>>
{
    public async Task<Result<GrantedQuotas>> Handle(SetQuotas request, CancellationToken cancellationToken)
    {
        var own = await quotas.SetAsync(request.User, request.Overrides, cancellationToken).ConfigureAwait(false);
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
