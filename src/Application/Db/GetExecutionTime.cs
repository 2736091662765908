using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>The wall-clock time of all billed attempts of a user.</summary>
/// <param name="User">The user's name.</param>
public sealed record GetExecutionTime(string User) : IRequest<Result<ExecutionTime>>;

/// <summary>Execution time.</summary>
/// <param name="Wall">The sum, exact to the microsecond.</param>
public sealed record ExecutionTime(TimeSpan Wall);

internal sealed class GetExecutionTimeValidator : AbstractValidator<GetExecutionTime>
{
    public GetExecutionTimeValidator() => RuleFor(request => request.User).UserName();
}

internal sealed class GetExecutionTimeHandler(IUserStore users)
    : IRequestHandler<GetExecutionTime, Result<ExecutionTime>>
{
    public async Task<Result<ExecutionTime>> Handle(GetExecutionTime request, CancellationToken cancellationToken)
    {
        var wall = await users.SumWallTimeAsync(request.User, cancellationToken).ConfigureAwait(false);
        return wall.IsOk ? new ExecutionTime(wall.Value) : wall.Error;
    }
}
