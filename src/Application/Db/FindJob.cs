using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>One job's durable record.</summary>
/// <param name="Id">The job.</param>
/// <param name="Parts">What to read beside state, counts and times.</param>
public sealed record FindJob(JobId Id, JobParts Parts) : IRequest<Result<JobRecord>>;

internal sealed class FindJobHandler(IJobStore jobs) : IRequestHandler<FindJob, Result<JobRecord>>
{
    public Task<Result<JobRecord>> Handle(FindJob request, CancellationToken cancellationToken) =>
        jobs.FindAsync(request.Id, request.Parts, cancellationToken);
}
