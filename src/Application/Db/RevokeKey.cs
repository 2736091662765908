using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Takes a key from a user. Repeating it is safe.</summary>
/// <param name="User">The user's name.</param>
/// <param name="Id">The key.</param>
/// <param name="By">Who asks for it, for the audit log; null from a frontend of an older release.</param>
public sealed record RevokeKey(string User, string Id, Origin? By = null) : IRequest<Result<RevokedKey>>;

/// <summary>What became of it.</summary>
/// <param name="Existed">Whether the user had the key.</param>
public sealed record RevokedKey(bool Existed);

internal sealed class RevokeKeyValidator : AbstractValidator<RevokeKey>
{
    public RevokeKeyValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Id).KeyId();
        RuleFor(request => request.By).Origin();
    }
}

internal sealed class RevokeKeyHandler(IKeyStore keys, ActionRates rates, TimeProvider time)
    : IRequestHandler<RevokeKey, Result<RevokedKey>>
{
    public async Task<Result<RevokedKey>> Handle(RevokeKey request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        var note = AuditNote.Of(request.By, time, AuditActions.RevokeKey, request.User, request.Id);
        var existed = await keys.RevokeAsync(request.User, request.Id, note, cancellationToken).ConfigureAwait(false);
        return existed.IsOk ? new RevokedKey(existed.Value) : existed.Error;
    }
}
