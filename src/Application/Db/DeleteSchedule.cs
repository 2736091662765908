using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Ends a function's schedule; jobs it has made already are not its any more.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="By">Who asks for it, for the audit log.</param>
public sealed record DeleteSchedule(string User, string Function, Origin? By = null) : IRequest<Result<DeletedSchedule>>;

/// <summary>What a deletion did.</summary>
/// <param name="Existed">Whether there was something to delete.</param>
public sealed record DeletedSchedule(bool Existed);

internal sealed class DeleteScheduleValidator : AbstractValidator<DeleteSchedule>
{
    public DeleteScheduleValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
        RuleFor(request => request.By).Origin();
    }
}

internal sealed class DeleteScheduleHandler(IScheduleStore schedules, ActionRates rates, TimeProvider time)
    : IRequestHandler<DeleteSchedule, Result<DeletedSchedule>>
{
    public async Task<Result<DeletedSchedule>> Handle(DeleteSchedule request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        var note = AuditNote.Of(request.By, time, AuditActions.DeleteSchedule, request.User, request.Function);
        var existed = await schedules.DeleteAsync(request.User, request.Function, note, cancellationToken).ConfigureAwait(false);
        return existed.IsOk ? new DeletedSchedule(existed.Value) : existed.Error;
    }
}
