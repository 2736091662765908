using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A page of the jobs that have not ended, for a queue that starts.</summary>
/// <param name="AfterSequence">Exclusive; 0 for the first page.</param>
/// <param name="Max">At most this many, 1 to 10,000.</param>
public sealed record LoadUnfinished(long AfterSequence, int Max) : IRequest<Result<UnfinishedJobs>>;

internal sealed class LoadUnfinishedValidator : AbstractValidator<LoadUnfinished>
{
    public LoadUnfinishedValidator() => RuleFor(request => request.Max).InclusiveBetween(1, 10_000)
        .WithMessage("A page has 1 to 10000 jobs.");
}

internal sealed class LoadUnfinishedHandler(IJobStore jobs) : IRequestHandler<LoadUnfinished, Result<UnfinishedJobs>>
{
    public Task<Result<UnfinishedJobs>> Handle(LoadUnfinished request, CancellationToken cancellationToken) =>
        jobs.LoadUnfinishedAsync(request.AfterSequence, request.Max, cancellationToken);
}
