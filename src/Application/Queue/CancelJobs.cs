using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Ends many jobs by their owner's wish, or deletes them. Answered when durable; repeating it ends no more.</summary>
/// <param name="Ids">1 to 256 jobs.</param>
/// <param name="Deletes">
/// Whether those that have ended are deleted, as <see cref="CancelJob"/> does it; else they are left alone, also those that end
/// meanwhile.
/// </param>
public sealed record CancelJobs(IReadOnlyList<JobId> Ids, bool Deletes) : IRequest<Result<CancelledJobs>>;

/// <summary>What cancelling did.</summary>
/// <param name="Removed">Jobs that were ended, or deleted.</param>
/// <param name="Stopped">Why some of them were not; null when there was nothing to do with the others.</param>
public sealed record CancelledJobs(int Removed, Error? Stopped);

internal sealed class CancelJobsValidator : AbstractValidator<CancelJobs>
{
    public CancelJobsValidator() => RuleFor(request => request.Ids.Count).InclusiveBetween(1, 256)
        .WithMessage("Cancel 1 to 256 jobs at a time.");
}

internal sealed class CancelJobsHandler(QueueLoop loop) : IRequestHandler<CancelJobs, Result<CancelledJobs>>
{
    public async Task<Result<CancelledJobs>> Handle(CancelJobs request, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(request.Ids.Select(id => loop.AskAsync<bool>(
            (queue, reply, now) => queue.Cancel(id, reply, now, request.Deletes), cancellationToken))).ConfigureAwait(false);
        return new CancelledJobs(
            answers.Count(answer => answer is { IsOk: true, Value: true }), answers.FirstOrDefault(answer => !answer.IsOk).Error);
    }
}
