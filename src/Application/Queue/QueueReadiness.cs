using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Whether the queue takes jobs, and, where somebody waits for their results, whether anybody runs them.</summary>
/// <param name="mediator">Reaches the queue, here or elsewhere.</param>
/// <param name="needsWorkers">Whether a platform without workers counts as not ready.</param>
public sealed class QueueReadiness(IMediator mediator, bool needsWorkers) : IReadiness
{
    /// <inheritdoc/>
    public string TimedOut => "The queue does not answer in time.";

    /// <inheritdoc/>
    public async ValueTask<string?> FindMissingAsync(CancellationToken cancellation)
    {
        var counts = await mediator.Send(new GetBacklog(), cancellation).ConfigureAwait(false);
        if (!counts.IsOk) return $"The queue does not answer: {counts.Error.Message}";
        if (!counts.Value.StoreAvailable) return "The store does not take writes.";
        return needsWorkers && counts.Value.Workers == 0 ? "There is no worker." : null;
    }
}
