using FaaS.Domain;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Cancels all jobs of a generation that Db has closed. Idempotent, and asked again by the queue itself at start and
/// each minute, so a caller that dies in between does no harm.
/// </summary>
/// <param name="Generation">The closed generation.</param>
public sealed record CloseOwner(long Generation) : IRequest<Result<ClosedOwner>>;

/// <summary>What closing found.</summary>
/// <param name="Jobs">Jobs that are being cancelled.</param>
public sealed record ClosedOwner(int Jobs);

internal sealed class CloseOwnerHandler(QueueLoop loop) : IRequestHandler<CloseOwner, Result<ClosedOwner>>
{
    public async Task<Result<ClosedOwner>> Handle(CloseOwner request, CancellationToken cancellationToken)
    {
        var jobs = await loop.AskAsync<int>(
            (queue, reply, _) => reply.Reply(queue.CloseOwner(request.Generation)), cancellationToken)
            .ConfigureAwait(false);
        return jobs.IsOk ? new ClosedOwner(jobs.Value) : jobs.Error;
    }
}
