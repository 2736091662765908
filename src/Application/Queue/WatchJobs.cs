using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Waits for many jobs' ends at once; parked until some have ended. What is watched stays watched from one request of
/// a watcher to its next, so each names only what is new. A request ends the watcher's older one, which is then
/// answered with nothing. A watcher that is silent for half a minute is forgotten, and so is everything after a restart
/// of the queue: whoever gets an error instead of an answer names all its jobs again, under the same numbers.
/// </summary>
/// <param name="Watcher">The watcher's identity, fresh for each process.</param>
/// <param name="Add">Up to 1,024 jobs to watch from now on.</param>
/// <param name="Drop">Up to 1,024 numbers whose jobs interest nobody any more.</param>
/// <param name="WaitMs">How long to stay parked, 0 to 60,000 ms.</param>
public sealed record WatchJobs(
    Guid Watcher, IReadOnlyList<JobToWatch> Add, IReadOnlyList<long> Drop, int WaitMs)
    : IRequest<Result<WatchedJobs>>, IParkedRequest;

/// <summary>A job to watch.</summary>
/// <param name="Number">Chosen by the watcher, another one each time; the answer repeats it.</param>
/// <param name="Id">The job.</param>
public sealed record JobToWatch(long Number, JobId Id);

/// <summary>Jobs that are not watched any more, each told once.</summary>
/// <param name="Jobs">Empty when the wait was over, or another request of the watcher has come.</param>
/// <param name="Replaced">True where that is why; two requests under way may overtake each other, so it may be the newer.</param>
public sealed record WatchedJobs(IReadOnlyList<WatchedJob> Jobs, bool? Replaced = null);

/// <summary>What became of a watched job.</summary>
/// <param name="Number">The watcher's number.</param>
/// <param name="Known">False when the queue does not hold it: it has ended (ask Db), or never was.</param>
/// <param name="End">How it ended, durably; null while it has not and the queue watches no longer.</param>
public sealed record WatchedJob(long Number, bool Known, JobEnd? End);

internal sealed class WatchJobsValidator : AbstractValidator<WatchJobs>
{
    public WatchJobsValidator()
    {
        RuleFor(request => request.Watcher).NotEmpty().WithMessage("Name the watcher.");
        RuleFor(request => request.Add.Count).LessThanOrEqualTo(JobWatches.NamedMax)
            .WithMessage($"Add at most {JobWatches.NamedMax} jobs at a time.");
        RuleForEach(request => request.Add).NotNull().WithMessage("A job is missing.");
        RuleFor(request => request.Drop.Count).LessThanOrEqualTo(JobWatches.NamedMax)
            .WithMessage($"Drop at most {JobWatches.NamedMax} jobs at a time.");
        RuleFor(request => request.WaitMs).InclusiveBetween(0, 60_000).WithMessage("Wait 0 to 60000 ms.");
    }
}

internal sealed class WatchJobsHandler(QueueLoop loop) : IRequestHandler<WatchJobs, Result<WatchedJobs>>
{
    public Task<Result<WatchedJobs>> Handle(WatchJobs request, CancellationToken cancellationToken) =>
        loop.AskAsync<WatchedJobs>(
            (queue, reply, now) => loop.Watches.Take(request, queue, reply, now), cancellationToken);
}
