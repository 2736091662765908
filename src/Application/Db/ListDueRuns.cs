using FaaS.Domain;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.Logging;

namespace FaaS.Application.Db;

/// <summary>
/// The runs that are due by Db's clock. Asking changes nothing: who makes the jobs says so with <see cref="NoteRuns"/>, and
/// until then they are due. A job's id follows from the function and the instant, so making it twice makes one.
/// </summary>
/// <param name="AfterMs">When the last page's last run was due, Unix ms; 0 for the first page.</param>
/// <param name="AfterFunction">The id of that run's function.</param>
public sealed record ListDueRuns(long AfterMs = 0, long AfterFunction = 0) : IRequest<Result<DueRuns>>;

/// <summary>Schedules with runs that are due.</summary>
/// <param name="Schedules">The schedules, at most <see cref="ScheduleLimits.DueMax"/>.</param>
/// <param name="More">Whether there are some beyond the page.</param>
/// <param name="WaitMs">Until the clock's next minute, milliseconds: no run is due before.</param>
public sealed record DueRuns(IReadOnlyList<DueSchedule> Schedules, bool More, long WaitMs);

/// <summary>A schedule with runs that are due.</summary>
/// <param name="FunctionId">The function's identity.</param>
/// <param name="Generation">The owner's generation.</param>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Revision">The schedule's revision.</param>
/// <param name="DueAtMs">The first run that was due, Unix ms.</param>
/// <param name="Runs">The runs to make, Unix ms; empty where those that were missed are left out.</param>
/// <param name="NextAtMs">The run after them, Unix ms.</param>
/// <param name="Arguments">A JSON array in UTF-8.</param>
public sealed record DueSchedule(
    long FunctionId, long Generation, string User, string Function, long Revision, long DueAtMs, IReadOnlyList<long> Runs,
    long NextAtMs, byte[] Arguments);

internal sealed class ListDueRunsValidator : AbstractValidator<ListDueRuns>
{
    public ListDueRunsValidator()
    {
        RuleFor(request => request.AfterMs).GreaterThanOrEqualTo(0).WithMessage("An instant is 0 ms or more.");
        RuleFor(request => request.AfterFunction).GreaterThanOrEqualTo(0).WithMessage("A function's id is 0 or more.");
    }
}

internal sealed class ListDueRunsHandler(IScheduleStore schedules, TimeProvider time, ILogger<ListDueRunsHandler> logger)
    : IRequestHandler<ListDueRuns, Result<DueRuns>>
{
    private const int MinuteMs = 60_000;

    public async Task<Result<DueRuns>> Handle(ListDueRuns request, CancellationToken cancellationToken)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var found = await schedules.ListDueAsync(
            nowMs, request.AfterMs, request.AfterFunction, ScheduleLimits.DueMax, cancellationToken).ConfigureAwait(false);
        if (!found.IsOk) return found.Error;
        return new DueRuns(
            [.. found.Value.Select(schedule => Due(schedule, nowMs))], found.Value.Count == ScheduleLimits.DueMax,
            MinuteMs - (nowMs % MinuteMs));
    }

    /// <summary>
    /// A time zone that this machine lost, or an expression that an older release understood and this one does not, makes no
    /// run; looked for again in an hour, so that those after it get their turn.
    /// </summary>
    private DueSchedule Due(Schedule schedule, long nowMs)
    {
        var times = ScheduleTimes.Parse(schedule.Definition.Cron, schedule.Definition.Zone);
        if (!times.IsOk) DbLog.ScheduleUnreadable(logger, schedule.Of.User, schedule.Of.Function, times.Error.Message);
        var (runs, nextMs) = times.IsOk
            ? times.Value.Due(schedule.NextAtMs, nowMs, schedule.Definition.Missed)
            : ([], nowMs + (60 * MinuteMs));
        return new DueSchedule(
            schedule.Of.FunctionId, schedule.Of.Generation, schedule.Of.User, schedule.Of.Function, schedule.Revision,
            schedule.NextAtMs, runs, nextMs, runs.Count == 0 ? [] : schedule.Definition.Arguments);
    }
}
