using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>A user's jobs that workers hold, the newest first: only the queue knows them.</summary>
/// <param name="User">The owner.</param>
/// <param name="Function">Only of this function; null for all.</param>
/// <param name="Before">Only of a smaller sequence number; 0 for the newest.</param>
/// <param name="Max">At most so many, 1 to 256.</param>
public sealed record ListRunning(string User, string? Function, long Before, int Max) : IRequest<Result<RunningJobs>>;

/// <summary>Jobs that workers hold.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="More">Whether there are more of smaller sequence numbers.</param>
public sealed record RunningJobs(IReadOnlyList<RunningJob> Jobs, bool More);

internal sealed class ListRunningValidator : AbstractValidator<ListRunning>
{
    public ListRunningValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function!).FunctionName().When(request => request.Function is not null);
        RuleFor(request => request.Before).GreaterThanOrEqualTo(0).WithMessage("A place is 1 or more.");
        RuleFor(request => request.Max).InclusiveBetween(1, 256).WithMessage("Ask for 1 to 256 jobs at a time.");
    }
}

internal sealed class ListRunningHandler(QueueLoop loop) : IRequestHandler<ListRunning, Result<RunningJobs>>
{
    public async Task<Result<RunningJobs>> Handle(ListRunning request, CancellationToken cancellationToken)
    {
        var found = await loop.AskAsync<IReadOnlyList<RunningJob>>(
            (queue, reply, _) => reply.Reply(Result<IReadOnlyList<RunningJob>>.Ok(
                queue.Running(request.User, request.Function, request.Before, request.Max + 1))), cancellationToken)
            .ConfigureAwait(false);
        if (!found.IsOk) return found.Error;
        var jobs = found.Value;
        return jobs.Count > request.Max
            ? new RunningJobs([.. jobs.Take(request.Max)], true)
            : new RunningJobs(jobs, false);
    }
}
