using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Parked until a job ends or the wait is over. Only jobs that have not ended are the queue's to know.</summary>
/// <param name="Id">The job.</param>
/// <param name="WaitMs">How long to stay parked, 0 to 60,000 ms.</param>
public sealed record WaitJob(JobId Id, int WaitMs) : IRequest<Result<JobProgress>>, IParkedRequest;

/// <summary>Where a job stands.</summary>
/// <param name="Known">False when the queue does not hold it: it has ended (ask Db), or never was.</param>
/// <param name="End">How it ended, durably; null while it has not.</param>
public sealed record JobProgress(bool Known, JobEnd? End);

internal sealed class WaitJobValidator : AbstractValidator<WaitJob>
{
    public WaitJobValidator() => RuleFor(request => request.WaitMs).InclusiveBetween(0, 60_000)
        .WithMessage("Wait 0 to 60000 ms.");
}

internal sealed class WaitJobHandler(QueueLoop loop) : IRequestHandler<WaitJob, Result<JobProgress>>
{
    public async Task<Result<JobProgress>> Handle(WaitJob request, CancellationToken cancellationToken)
    {
        var end = await loop.AskAsync<JobEnd?>(
            (queue, reply, now) => queue.Wait(request.Id, now.MonotonicMs + request.WaitMs, reply, now),
            cancellationToken).ConfigureAwait(false);
        if (end.IsOk) return new JobProgress(true, end.Value);
        return end.Error.Code == ErrorCode.JobNotFound ? new JobProgress(false, null) : end.Error;
    }
}
