using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Has a function run by the clock. Repeating it is safe. The first run is the first instant after now.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Definition">When, and with what.</param>
/// <param name="By">Who asks for it, for the audit log.</param>
public sealed record PutSchedule(string User, string Function, ScheduleDefinition Definition, Origin? By = null)
    : IRequest<Result<Schedule>>
{
    /// <summary>Without the arguments, which are nobody's to read in a log.</summary>
    public override string ToString() => $"PutSchedule {User}/{Function}";
}

internal sealed class PutScheduleValidator : AbstractValidator<PutSchedule>
{
    public PutScheduleValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
        RuleFor(request => request.By).Origin();
        RuleFor(request => request.Definition).NotNull().WithMessage("The schedule is missing.").ChildRules(definition =>
        {
            definition.RuleFor(row => row.Cron).Must(cron => cron is { Length: > 0 and <= ScheduleLimits.CronCharsMax })
                .WithMessage($"A cron expression has 1 to {ScheduleLimits.CronCharsMax} characters.");
            definition.RuleFor(row => row.Zone).Must(zone => zone is { Length: > 0 and <= ScheduleLimits.ZoneCharsMax })
                .WithMessage($"The name of a time zone has 1 to {ScheduleLimits.ZoneCharsMax} characters.");
            definition.RuleFor(row => row.Missed).IsInEnum().WithMessage("Missed runs are Latest, Skip or All.");
            definition.RuleFor(row => row.Arguments).Must(arguments => arguments is { Length: <= ScheduleLimits.ArgumentBytes })
                .WithErrorCode(nameof(ErrorCode.TooLarge))
                .WithMessage($"A schedule's arguments have at most {ScheduleLimits.ArgumentBytes} bytes.");
        });
    }
}

internal sealed class PutScheduleHandler(IScheduleStore schedules, ActionRates rates, TimeProvider time)
    : IRequestHandler<PutSchedule, Result<Schedule>>
{
    public async Task<Result<Schedule>> Handle(PutSchedule request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        var times = ScheduleTimes.Parse(request.Definition.Cron, request.Definition.Zone);
        if (!times.IsOk) return times.Error;
        if (times.Value.NextAfter(time.GetUtcNow().ToUnixTimeMilliseconds()) is not { } next)
            return new Error(ErrorCode.BadRequest, $"There is no day that '{request.Definition.Cron}' names.");
        var note = AuditNote.Of(
            request.By, time, AuditActions.SetSchedule, request.User, request.Function, AuditTexts.Schedule(request.Definition));
        return await schedules
            .PutAsync(request.User, request.Function, request.Definition, next, note, cancellationToken).ConfigureAwait(false);
    }
}
