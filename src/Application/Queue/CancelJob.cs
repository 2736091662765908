using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Ends a job by its owner's wish: a waiting one leaves the queue, a running one is stopped and billed for what it
/// used, a finished one loses its result, arguments and logs and is not found any more. Answered when durable.
/// </summary>
/// <param name="Id">The job.</param>
public sealed record CancelJob(JobId Id) : IRequest<Result<CancelledJob>>;

/// <summary>What cancelling did.</summary>
/// <param name="Removed">False when there was nothing to remove.</param>
public sealed record CancelledJob(bool Removed);

internal sealed class CancelJobHandler(QueueLoop loop) : IRequestHandler<CancelJob, Result<CancelledJob>>
{
    public async Task<Result<CancelledJob>> Handle(CancelJob request, CancellationToken cancellationToken)
    {
        var removed = await loop.AskAsync<bool>(
            (queue, reply, now) => queue.Cancel(request.Id, reply, now), cancellationToken).ConfigureAwait(false);
        return removed.IsOk ? new CancelledJob(removed.Value) : removed.Error;
    }
}
