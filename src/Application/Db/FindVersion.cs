using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>
/// Whether there is such a user and function: asked before anything is spent on a request that could not be answered.
/// </summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
public sealed record FindVersion(string User, string Function) : IRequest<Result<CurrentVersion>>;

/// <summary>A function's current version.</summary>
/// <param name="Version">Its number, from 1.</param>
public sealed record CurrentVersion(int Version);

internal sealed class FindVersionValidator : AbstractValidator<FindVersion>
{
    public FindVersionValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
    }
}

internal sealed class FindVersionHandler(IFunctionStore functions)
    : IRequestHandler<FindVersion, Result<CurrentVersion>>
{
    public async Task<Result<CurrentVersion>> Handle(FindVersion request, CancellationToken cancellationToken)
    {
        var function = await functions.FindAsync(request.User, request.Function, cancellationToken).ConfigureAwait(false);
        return function.IsOk ? new CurrentVersion(function.Value.Version) : function.Error;
    }
}
