using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Takes a function away from new submissions; queued jobs keep the versions they were bound to.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
public sealed record DeleteFunction(string User, string Function) : IRequest<Result<DeletedFunction>>;

/// <summary>What a deletion did.</summary>
/// <param name="Existed">Whether there was something to delete.</param>
public sealed record DeletedFunction(bool Existed);

internal sealed class DeleteFunctionValidator : AbstractValidator<DeleteFunction>
{
    public DeleteFunctionValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
    }
}

internal sealed class DeleteFunctionHandler(IFunctionStore functions)
    : IRequestHandler<DeleteFunction, Result<DeletedFunction>>
{
    public async Task<Result<DeletedFunction>> Handle(DeleteFunction request, CancellationToken cancellationToken)
    {
        var existed = await functions.DeleteAsync(request.User, request.Function, cancellationToken)
            .ConfigureAwait(false);
        return existed.IsOk ? new DeletedFunction(existed.Value) : existed.Error;
    }
}
