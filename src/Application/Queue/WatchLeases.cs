using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Parked until a lease of the worker is revoked, so that a cancelled job stops within 100 ms.</summary>
/// <param name="Worker">The worker's identity.</param>
/// <param name="WaitMs">How long to stay parked, 0 to 60,000 ms.</param>
public sealed record WatchLeases(Guid Worker, int WaitMs) : IRequest<Result<RevokedLeases>>, IParkedRequest;

/// <summary>Leases to stop at once and report as cancelled, with what they used.</summary>
/// <param name="Tokens">Empty when the wait was over.</param>
public sealed record RevokedLeases(IReadOnlyList<LeaseToken> Tokens);

internal sealed class WatchLeasesValidator : AbstractValidator<WatchLeases>
{
    public WatchLeasesValidator() => RuleFor(request => request.WaitMs).InclusiveBetween(0, 60_000)
        .WithMessage("Wait 0 to 60000 ms.");
}

internal sealed class WatchLeasesHandler(QueueLoop loop) : IRequestHandler<WatchLeases, Result<RevokedLeases>>
{
    public async Task<Result<RevokedLeases>> Handle(WatchLeases request, CancellationToken cancellationToken)
    {
        try
        {
            var revoked = await loop.AskAsync<IReadOnlyList<LeaseToken>>(
                (queue, reply, now) => queue.Watch(request.Worker, now.MonotonicMs + request.WaitMs, reply, now),
                cancellationToken).ConfigureAwait(false);
            return revoked.IsOk ? new RevokedLeases(revoked.Value) : revoked.Error;
        }
        catch (OperationCanceledException)
        {
            // A live worker always watches: the one that stops without a word over another connection is gone.
            loop.Tell((queue, now) => queue.Disconnected(request.Worker, now));
            throw;
        }
    }
}
