using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Takes a function away from new submissions; queued jobs keep the versions they were bound to.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="By">Who asks for it, for the audit log; null from a frontend of an older release.</param>
public sealed record DeleteFunction(string User, string Function, Origin? By = null) : IRequest<Result<DeletedFunction>>;

/// <summary>What a deletion did.</summary>
/// <param name="Existed">Whether there was something to delete.</param>
public sealed record DeletedFunction(bool Existed);

internal sealed class DeleteFunctionValidator : AbstractValidator<DeleteFunction>
{
    public DeleteFunctionValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
        RuleFor(request => request.By).Origin();
    }
}

internal sealed class DeleteFunctionHandler(IFunctionStore functions, ActionRates rates, TimeProvider time)
    : IRequestHandler<DeleteFunction, Result<DeletedFunction>>
{
    public async Task<Result<DeletedFunction>> Handle(DeleteFunction request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        var note = AuditNote.Of(request.By, time, AuditActions.DeleteFunction, request.User, request.Function);
        var existed = await functions.DeleteAsync(request.User, request.Function, note, cancellationToken)
            .ConfigureAwait(false);
        return existed.IsOk ? new DeletedFunction(existed.Value) : existed.Error;
    }
}
