using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Finds a key by its id, expired or not.</summary>
/// <param name="Id">The id.</param>
public sealed record FindKey(string Id) : IRequest<Result<KeyRecord>>;

internal sealed class FindKeyValidator : AbstractValidator<FindKey>
{
    public FindKeyValidator() => RuleFor(request => request.Id).KeyId();
}

internal sealed class FindKeyHandler(IKeyStore keys) : IRequestHandler<FindKey, Result<KeyRecord>>
{
    public Task<Result<KeyRecord>> Handle(FindKey request, CancellationToken cancellationToken) =>
        keys.FindAsync(request.Id, cancellationToken);
}
