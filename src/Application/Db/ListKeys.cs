using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Lists a user's keys.</summary>
/// <param name="User">The user's name.</param>
public sealed record ListKeys(string User) : IRequest<Result<UserKeys>>;

/// <summary>A user's keys.</summary>
/// <param name="Keys">The keys, the oldest first.</param>
public sealed record UserKeys(IReadOnlyList<KeyRecord> Keys);

internal sealed class ListKeysValidator : AbstractValidator<ListKeys>
{
    public ListKeysValidator() => RuleFor(request => request.User).UserName();
}

internal sealed class ListKeysHandler(IKeyStore keys) : IRequestHandler<ListKeys, Result<UserKeys>>
{
    public async Task<Result<UserKeys>> Handle(ListKeys request, CancellationToken cancellationToken)
    {
        var found = await keys.ListAsync(request.User, cancellationToken).ConfigureAwait(false);
        return found.IsOk ? new UserKeys(found.Value) : found.Error;
    }
}
