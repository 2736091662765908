using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>How much the queue holds, and the counters of its conservation law.</summary>
public sealed record GetBacklog : IRequest<Result<QueueCounts>>;

internal sealed class GetBacklogHandler(QueueLoop loop) : IRequestHandler<GetBacklog, Result<QueueCounts>>
{
    public Task<Result<QueueCounts>> Handle(GetBacklog request, CancellationToken cancellationToken) =>
        loop.AskAsync<QueueCounts>(
            (queue, reply, _) => reply.Reply(queue.Counts()), cancellationToken);
}
