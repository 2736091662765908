using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Takes a key from a user. Repeating it is safe.</summary>
/// <param name="User">The user's name.</param>
/// <param name="Id">The key.</param>
public sealed record RevokeKey(string User, string Id) : IRequest<Result<RevokedKey>>;

/// <summary>What became of it.</summary>
/// <param name="Existed">Whether the user had the key.</param>
public sealed record RevokedKey(bool Existed);

internal sealed class RevokeKeyValidator : AbstractValidator<RevokeKey>
{
    public RevokeKeyValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Id).KeyId();
    }
}

internal sealed class RevokeKeyHandler(IKeyStore keys) : IRequestHandler<RevokeKey, Result<RevokedKey>>
{
    public async Task<Result<RevokedKey>> Handle(RevokeKey request, CancellationToken cancellationToken)
    {
        var existed = await keys.RevokeAsync(request.User, request.Id, cancellationToken).ConfigureAwait(false);
        return existed.IsOk ? new RevokedKey(existed.Value) : existed.Error;
    }
}
