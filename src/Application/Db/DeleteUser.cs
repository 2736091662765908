using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Closes a user's generation, if there is one.</summary>
/// <param name="User">The user's name.</param>
/// <param name="By">Who asks for it, for the audit log; null from a frontend of an older release.</param>
public sealed record DeleteUser(string User, Origin? By = null) : IRequest<Result<UserRegistration>>;

internal sealed class DeleteUserValidator : AbstractValidator<DeleteUser>
{
    public DeleteUserValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.By).Origin();
    }
}

internal sealed class DeleteUserHandler(IUserStore users, ActionRates rates, TimeProvider time)
    : IRequestHandler<DeleteUser, Result<UserRegistration>>
{
    public async Task<Result<UserRegistration>> Handle(DeleteUser request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        var note = AuditNote.Of(request.By, time, AuditActions.DeleteUser, request.User);
        return await users.CloseAsync(request.User, note, cancellationToken).ConfigureAwait(false);
    }
}
