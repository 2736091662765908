using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A page of a function's versions, the newest first.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Before">Only those with a smaller number; 0 for the first page.</param>
/// <param name="Max">At most this many, 1 to <see cref="PageMax"/>.</param>
public sealed record ListVersions(string User, string Function, int Before, int Max) : IRequest<Result<VersionPage>>
{
    /// <summary>Versions of a page.</summary>
    public const int PageMax = 200;
}

internal sealed class ListVersionsValidator : AbstractValidator<ListVersions>
{
    public ListVersionsValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
        RuleFor(request => request.Before).GreaterThanOrEqualTo(0).WithMessage("A version's number is 1 or more.");
        RuleFor(request => request.Max).InclusiveBetween(1, ListVersions.PageMax)
            .WithMessage($"A page has 1 to {ListVersions.PageMax} versions.");
    }
}

internal sealed class ListVersionsHandler(IVersionStore versions) : IRequestHandler<ListVersions, Result<VersionPage>>
{
    public Task<Result<VersionPage>> Handle(ListVersions request, CancellationToken cancellationToken) =>
        versions.ListAsync(request.User, request.Function, request.Before, request.Max, cancellationToken);
}
