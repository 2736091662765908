using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>The current version of one function.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
public sealed record GetFunction(string User, string Function) : IRequest<Result<FunctionSource>>;

internal sealed class GetFunctionValidator : AbstractValidator<GetFunction>
{
    public GetFunctionValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
    }
}

internal sealed class GetFunctionHandler(IFunctionStore functions)
    : IRequestHandler<GetFunction, Result<FunctionSource>>
{
    public Task<Result<FunctionSource>> Handle(GetFunction request, CancellationToken cancellationToken) =>
        functions.FindAsync(request.User, request.Function, cancellationToken);
}
