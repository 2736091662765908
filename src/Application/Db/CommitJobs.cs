using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Makes one of the queue's group commits durable. Repeating it unchanged is safe.</summary>
/// <param name="Commit">The rows.</param>
public sealed record CommitJobs(JobCommit Commit) : IRequest<Result<JobCommitted>>;

internal sealed class CommitJobsValidator : AbstractValidator<CommitJobs>
{
    /// <summary>More than the queue ever puts into one commit.</summary>
    private const int MaxRows = 4096;

    public CommitJobsValidator() => RuleFor(request => request.Commit.Count).InclusiveBetween(1, MaxRows)
        .WithMessage($"A commit has 1 to {MaxRows} rows.");
}

internal sealed class CommitJobsHandler(IJobStore jobs) : IRequestHandler<CommitJobs, Result<JobCommitted>>
{
    public Task<Result<JobCommitted>> Handle(CommitJobs request, CancellationToken cancellationToken) =>
        jobs.CommitAsync(request.Commit, cancellationToken);
}
