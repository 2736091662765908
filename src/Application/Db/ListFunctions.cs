using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>The current versions of all of a user's functions.</summary>
/// <param name="User">The owner's name.</param>
public sealed record ListFunctions(string User) : IRequest<Result<FunctionList>>;

/// <summary>A user's functions, by name.</summary>
/// <param name="Functions">The current versions.</param>
public sealed record FunctionList(IReadOnlyList<FunctionSource> Functions);

internal sealed class ListFunctionsValidator : AbstractValidator<ListFunctions>
{
    public ListFunctionsValidator() => RuleFor(request => request.User).UserName();
}

internal sealed class ListFunctionsHandler(IFunctionStore functions)
    : IRequestHandler<ListFunctions, Result<FunctionList>>
{
    public async Task<Result<FunctionList>> Handle(ListFunctions request, CancellationToken cancellationToken)
    {
        var list = await functions.ListAsync(request.User, cancellationToken).ConfigureAwait(false);
        return list.IsOk ? new FunctionList(list.Value) : list.Error;
    }
}
