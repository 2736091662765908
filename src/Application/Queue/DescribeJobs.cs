using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Where jobs that have not ended stand in the queue.</summary>
/// <param name="Ids">1 to 256 jobs.</param>
public sealed record DescribeJobs(IReadOnlyList<JobId> Ids) : IRequest<Result<DescribedJobs>>;

/// <summary>Where they stand.</summary>
/// <param name="Jobs">One entry a job, in the order asked for.</param>
public sealed record DescribedJobs(IReadOnlyList<JobStanding> Jobs);

internal sealed class DescribeJobsValidator : AbstractValidator<DescribeJobs>
{
    public DescribeJobsValidator() => RuleFor(request => request.Ids.Count).InclusiveBetween(1, 256)
        .WithMessage("Ask for 1 to 256 jobs at a time.");
}

internal sealed class DescribeJobsHandler(QueueLoop loop) : IRequestHandler<DescribeJobs, Result<DescribedJobs>>
{
    public Task<Result<DescribedJobs>> Handle(DescribeJobs request, CancellationToken cancellationToken) =>
        loop.AskAsync<DescribedJobs>(
            (queue, reply, _) => reply.Reply(new DescribedJobs(queue.Describe(request.Ids))), cancellationToken);
}
