using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Closes a user's generation, if there is one.</summary>
/// <param name="User">The user's name.</param>
public sealed record DeleteUser(string User) : IRequest<Result<UserRegistration>>;

internal sealed class DeleteUserValidator : AbstractValidator<DeleteUser>
{
    public DeleteUserValidator() => RuleFor(request => request.User).UserName();
}

internal sealed class DeleteUserHandler(IUserStore users) : IRequestHandler<DeleteUser, Result<UserRegistration>>
{
    public Task<Result<UserRegistration>> Handle(DeleteUser request, CancellationToken cancellationToken) =>
        users.CloseAsync(request.User, cancellationToken);
}
