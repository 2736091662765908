using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Gives leases back uncharged: prefetched jobs that did not start in time, or a worker that drains.</summary>
/// <param name="Worker">The worker's identity.</param>
/// <param name="Leases">The leases.</param>
/// <param name="Leaving">Whether the worker goes away: it gets no more work and its parked requests end.</param>
public sealed record AbandonJobs(Guid Worker, IReadOnlyList<HeldLease> Leases, bool Leaving)
    : IRequest<Result<AbandonedJobs>>;

/// <summary>What was taken back.</summary>
/// <param name="Count">Leases that were current.</param>
public sealed record AbandonedJobs(int Count);

internal sealed class AbandonJobsHandler(QueueLoop loop) : IRequestHandler<AbandonJobs, Result<AbandonedJobs>>
{
    public async Task<Result<AbandonedJobs>> Handle(AbandonJobs request, CancellationToken cancellationToken)
    {
        var count = await loop.AskAsync<int>(
            (queue, reply, now) => queue.Abandon(request.Worker, request.Leases, request.Leaving, reply, now),
            cancellationToken).ConfigureAwait(false);
        return count.IsOk ? new AbandonedJobs(count.Value) : count.Error;
    }
}
