using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Asks for work; parked until there is some or the wait is over. One worker has one of these under way at a time.
/// What the worker was granted and does not list goes back to the queue uncharged; what it lists and a restarted queue
/// does not know as leased is adopted.
/// </summary>
/// <param name="Worker">The worker's identity, fresh for each process.</param>
/// <param name="Slots">Jobs it runs at a time.</param>
/// <param name="Total">All jobs the worker would hold at a time, running and prefetched; sizes the owners' caps.</param>
/// <param name="Max">Jobs it would take now, 1 to 256.</param>
/// <param name="WaitMs">How long to stay parked, 0 to 60,000 ms.</param>
/// <param name="Held">Every lease it holds, until its end has been answered.</param>
public sealed record LeaseJobs(
    Guid Worker, int Slots, int Total, int Max, int WaitMs, IReadOnlyList<HeldLease> Held) : IRequest<Result<LeasedJobs>>, IParkedRequest;

/// <summary>Granted leases.</summary>
/// <param name="Jobs">Empty when the wait was over.</param>
/// <param name="Lost">Listed leases that are not this worker's any more: stop them, they are not billed.</param>
public sealed record LeasedJobs(IReadOnlyList<LeasedJob> Jobs, IReadOnlyList<LeaseToken> Lost);

internal sealed class LeaseJobsValidator : AbstractValidator<LeaseJobs>
{
    public LeaseJobsValidator()
    {
        RuleFor(request => request.Worker).NotEmpty().WithMessage("Name the worker.");
        RuleFor(request => request.Slots).InclusiveBetween(1, 1024).WithMessage("A worker has 1 to 1024 slots.");
        RuleFor(request => request.Total).InclusiveBetween(1, 4096).WithMessage("A worker holds 1 to 4096 jobs.");
        RuleFor(request => request.Max).InclusiveBetween(1, 256).WithMessage("Ask for 1 to 256 jobs.");
        RuleFor(request => request.WaitMs).InclusiveBetween(0, 60_000).WithMessage("Wait 0 to 60000 ms.");
        RuleFor(request => request.Held.Count).LessThanOrEqualTo(8192).WithMessage("List at most 8192 leases.");
    }
}

internal sealed class LeaseJobsHandler(QueueLoop loop) : IRequestHandler<LeaseJobs, Result<LeasedJobs>>
{
    public async Task<Result<LeasedJobs>> Handle(LeaseJobs request, CancellationToken cancellationToken)
    {
        var grant = await loop.AskAsync<LeaseGrant>(
            (queue, reply, now) => queue.LeaseJobs(
                request.Worker, request.Slots, request.Total, request.Max, now.MonotonicMs + request.WaitMs,
                request.Held, reply, now),
            cancellationToken,
            // The worker hung up while it was parked: what it was granted goes on to the next one at once.
            (queue, unseen, now) => queue.Abandon(request.Worker, [.. unseen.Jobs.Select(
                job => new HeldLease(job.Job, job.Token, false))], leaving: false, new Nobody(), now))
            .ConfigureAwait(false);
        return grant.IsOk ? new LeasedJobs(grant.Value.Jobs, grant.Value.Lost) : grant.Error;
    }

    private sealed class Nobody : IReply<int>
    {
        public void Reply(Result<int> answer)
        {
        }
    }
}
