using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Adds a key to a user. Repeating it unchanged is safe.</summary>
/// <param name="User">The user's name.</param>
/// <param name="Key">The key.</param>
/// <param name="By">Who asks for it, for the audit log; null from a frontend of an older release.</param>
public sealed record AddKey(string User, NewKey Key, Origin? By = null) : IRequest<Result<KeyRecord>>;

internal sealed class AddKeyValidator : AbstractValidator<AddKey>
{
    public AddKeyValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Key).NewKey();
        RuleFor(request => request.By).Origin();
    }
}

internal sealed class AddKeyHandler(IKeyStore keys, ActionRates rates, TimeProvider time)
    : IRequestHandler<AddKey, Result<KeyRecord>>
{
    public async Task<Result<KeyRecord>> Handle(AddKey request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        var note = AuditNote.Of(
            request.By, time, AuditActions.AddKey, request.User, request.Key.Id, AuditTexts.Key(request.Key));
        return await keys.AddAsync(request.User, request.Key, KeyLimits.PerUser, note, cancellationToken)
            .ConfigureAwait(false);
    }
}
