using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A function's schedule.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
public sealed record GetSchedule(string User, string Function) : IRequest<Result<FoundSchedule>>;

/// <summary>What was found.</summary>
/// <param name="Schedule">The schedule; null when the function has none.</param>
public sealed record FoundSchedule(Schedule? Schedule);

internal sealed class GetScheduleValidator : AbstractValidator<GetSchedule>
{
    public GetScheduleValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
    }
}

internal sealed class GetScheduleHandler(IScheduleStore schedules) : IRequestHandler<GetSchedule, Result<FoundSchedule>>
{
    public async Task<Result<FoundSchedule>> Handle(GetSchedule request, CancellationToken cancellationToken)
    {
        var found = await schedules.FindAsync(request.User, request.Function, cancellationToken).ConfigureAwait(false);
        return found.IsOk ? new FoundSchedule(found.Value) : found.Error;
    }
}
