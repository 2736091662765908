using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>The current versions of a user's functions, a page at a time.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="After">The last function's name of the page before; empty for the first page.</param>
public sealed record ListFunctions(string User, string After = "") : IRequest<Result<FunctionPage>>;

internal sealed class ListFunctionsValidator : AbstractValidator<ListFunctions>
{
    public ListFunctionsValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.After).FunctionName().When(request => request.After.Length > 0);
    }
}

internal sealed class ListFunctionsHandler(IFunctionStore functions)
    : IRequestHandler<ListFunctions, Result<FunctionPage>>
{
    private const int PageRows = 1_000;

    /// <summary>In base64, with names and numbers, well within the transport's 2 MiB.</summary>
    private const int PageBytes = 512 << 10;

    public Task<Result<FunctionPage>> Handle(ListFunctions request, CancellationToken cancellationToken) =>
        functions.ListAsync(request.User, request.After, PageRows, PageBytes, cancellationToken);
}
