using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A page of a user's schedules, by the functions' names.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="After">Exclusive; empty for the first page.</param>
/// <param name="Max">At most this many, 1 to <see cref="ScheduleLimits.PageMax"/>; a page may have fewer and say that there are more.</param>
public sealed record ListSchedules(string User, string After, int Max) : IRequest<Result<SchedulePage>>;

internal sealed class ListSchedulesValidator : AbstractValidator<ListSchedules>
{
    public ListSchedulesValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.After).Must(after => after is "" || Names.IsFunction(after))
            .WithMessage($"A function's name must match {Names.FunctionPattern}.");
        RuleFor(request => request.Max).InclusiveBetween(1, ScheduleLimits.PageMax)
            .WithMessage($"A page has 1 to {ScheduleLimits.PageMax} schedules.");
    }
}

internal sealed class ListSchedulesHandler(IScheduleStore schedules) : IRequestHandler<ListSchedules, Result<SchedulePage>>
{
    /// <summary>Of arguments, in a page: well within the transport's 2 MiB, as JSON too.</summary>
    private const int PageBytes = 512 << 10;

    public async Task<Result<SchedulePage>> Handle(ListSchedules request, CancellationToken cancellationToken)
    {
        var page = await schedules.ListAsync(request.User, request.After, request.Max, cancellationToken).ConfigureAwait(false);
        if (!page.IsOk) return page;
        var (kept, bytes) = (0, 0);
        foreach (var schedule in page.Value.Schedules)
        {
            bytes += schedule.Definition.Arguments.Length;
            if (kept > 0 && bytes > PageBytes) break;
            kept++;
        }
        return kept == page.Value.Schedules.Count ? page : new SchedulePage([.. page.Value.Schedules.Take(kept)], true);
    }
}
