using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Keeps a worker's leases alive: one request a worker every 3 s, whatever its functions' timeouts.</summary>
/// <param name="Worker">The worker's identity.</param>
/// <param name="Held">Every lease it holds.</param>
public sealed record RenewLeases(Guid Worker, IReadOnlyList<HeldLease> Held) : IRequest<Result<RenewedLeases>>;

/// <summary>What renewal found.</summary>
/// <param name="Lost">Leases that are not this worker's any more: stop them.</param>
public sealed record RenewedLeases(IReadOnlyList<LeaseToken> Lost);

internal sealed class RenewLeasesHandler(QueueLoop loop) : IRequestHandler<RenewLeases, Result<RenewedLeases>>
{
    public async Task<Result<RenewedLeases>> Handle(RenewLeases request, CancellationToken cancellationToken)
    {
        var lost = await loop.AskAsync<IReadOnlyList<LeaseToken>>(
            (queue, reply, now) => queue.Renew(request.Worker, request.Held, reply, now), cancellationToken)
            .ConfigureAwait(false);
        return lost.IsOk ? new RenewedLeases(lost.Value) : lost.Error;
    }
}
