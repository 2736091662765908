using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Adds a key to a user. Repeating it unchanged is safe.</summary>
/// <param name="User">The user's name.</param>
/// <param name="Key">The key.</param>
public sealed record AddKey(string User, NewKey Key) : IRequest<Result<KeyRecord>>;

internal sealed class AddKeyValidator : AbstractValidator<AddKey>
{
    public AddKeyValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Key).NewKey();
    }
}

internal sealed class AddKeyHandler(IKeyStore keys, TimeProvider time) : IRequestHandler<AddKey, Result<KeyRecord>>
{
    public Task<Result<KeyRecord>> Handle(AddKey request, CancellationToken cancellationToken) => keys.AddAsync(
        request.User, request.Key, KeyLimits.PerUser, time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
}
