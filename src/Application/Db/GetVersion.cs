using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>One version of a function, with its source.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Number">The version's number, from 1.</param>
public sealed record GetVersion(string User, string Function, int Number) : IRequest<Result<VersionSource>>;

internal sealed class GetVersionValidator : AbstractValidator<GetVersion>
{
    public GetVersionValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
        RuleFor(request => request.Number).GreaterThanOrEqualTo(1).WithMessage("A version's number is 1 or more.");
    }
}

internal sealed class GetVersionHandler(IVersionStore versions) : IRequestHandler<GetVersion, Result<VersionSource>>
{
    public Task<Result<VersionSource>> Handle(GetVersion request, CancellationToken cancellationToken) =>
        versions.FindAsync(request.User, request.Function, request.Number, cancellationToken);
}
