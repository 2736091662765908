using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Opens a new generation of a user; whatever the name owned before is closed.</summary>
/// <param name="User">The user's name.</param>
/// <param name="FirstKey">The first key of the new generation; null for none.</param>
/// <param name="By">Who asks for it, for the audit log; null from a frontend of an older release.</param>
public sealed record RegisterUser(string User, NewKey? FirstKey = null, Origin? By = null)
    : IRequest<Result<UserRegistration>>;

internal sealed class RegisterUserValidator : AbstractValidator<RegisterUser>
{
    public RegisterUserValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.FirstKey).NewKey();
        RuleFor(request => request.By).Origin();
    }
}

internal sealed class RegisterUserHandler(IUserStore users, ActionRates rates, TimeProvider time)
    : IRequestHandler<RegisterUser, Result<UserRegistration>>
{
    public async Task<Result<UserRegistration>> Handle(RegisterUser request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        var note = AuditNote.Of(request.By, time, AuditActions.RegisterUser, request.User, request.FirstKey?.Id);
        return await users.RegisterAsync(request.User, request.FirstKey, note, cancellationToken).ConfigureAwait(false);
    }
}
