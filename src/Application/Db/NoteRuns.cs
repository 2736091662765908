using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Moves schedules on whose runs are made. Repeating it changes nothing.</summary>
/// <param name="Runs">1 to <see cref="ScheduleLimits.DueMax"/> schedules.</param>
public sealed record NoteRuns(IReadOnlyList<NotedRun> Runs) : IRequest<Result<NotedRuns>>;

/// <summary>What was noted.</summary>
/// <param name="Count">Schedules that were moved on.</param>
public sealed record NotedRuns(int Count);

internal sealed class NoteRunsValidator : AbstractValidator<NoteRuns>
{
    public const int RefusalCharsMax = 1_000;

    public NoteRunsValidator()
    {
        RuleFor(request => request.Runs.Count).InclusiveBetween(1, ScheduleLimits.DueMax)
            .WithMessage($"Note 1 to {ScheduleLimits.DueMax} schedules at a time.");
        RuleForEach(request => request.Runs).NotNull().WithMessage("A schedule is missing.").ChildRules(run =>
        {
            run.RuleFor(row => row.NextAtMs).GreaterThan(row => row.DueAtMs).WithMessage("The next run is after the one before.");
            run.RuleFor(row => row.Last).Must(last => (last?.Refusal?.Length ?? 0) <= RefusalCharsMax)
                .WithErrorCode(nameof(ErrorCode.TooLarge)).WithMessage($"A refusal has at most {RefusalCharsMax} characters.");
        });
    }
}

internal sealed class NoteRunsHandler(IScheduleStore schedules) : IRequestHandler<NoteRuns, Result<NotedRuns>>
{
    public async Task<Result<NotedRuns>> Handle(NoteRuns request, CancellationToken cancellationToken)
    {
        var noted = await schedules.NoteAsync(request.Runs, cancellationToken).ConfigureAwait(false);
        return noted.IsOk ? new NotedRuns(noted.Value) : noted.Error;
    }
}
