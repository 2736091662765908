using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Opens a new generation of a user; whatever the name owned before is closed.</summary>
/// <param name="User">The user's name.</param>
/// <param name="FirstKey">The first key of the new generation; null for none.</param>
public sealed record RegisterUser(string User, NewKey? FirstKey = null) : IRequest<Result<UserRegistration>>;

internal sealed class RegisterUserValidator : AbstractValidator<RegisterUser>
{
    public RegisterUserValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.FirstKey).NewKey();
    }
}

internal sealed class RegisterUserHandler(IUserStore users, TimeProvider time)
    : IRequestHandler<RegisterUser, Result<UserRegistration>>
{
    public Task<Result<UserRegistration>> Handle(RegisterUser request, CancellationToken cancellationToken) =>
        users.RegisterAsync(
            request.User, request.FirstKey, time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
}
