using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Where a job that has not ended stands in the queue.</summary>
/// <param name="Id">The job.</param>
public sealed record DescribeJob(JobId Id) : IRequest<Result<JobStanding>>;

internal sealed class DescribeJobHandler(QueueLoop loop) : IRequestHandler<DescribeJob, Result<JobStanding>>
{
    public Task<Result<JobStanding>> Handle(DescribeJob request, CancellationToken cancellationToken) =>
        loop.AskAsync<JobStanding>(
            (queue, reply, _) => reply.Reply(queue.Describe(request.Id)), cancellationToken);
}
