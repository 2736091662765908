using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>The arguments of jobs whose leases did not carry them.</summary>
/// <param name="Jobs">1 to 256 jobs.</param>
public sealed record ReadArguments(IReadOnlyList<JobId> Jobs) : IRequest<Result<ArgumentBodies>>;

/// <summary>Arguments, in the order asked for.</summary>
/// <param name="Bodies">JSON arrays in UTF-8; null for a job that is gone.</param>
public sealed record ArgumentBodies(IReadOnlyList<byte[]?> Bodies);

internal sealed class ReadArgumentsValidator : AbstractValidator<ReadArguments>
{
    public ReadArgumentsValidator() => RuleFor(request => request.Jobs.Count).InclusiveBetween(1, 256)
        .WithMessage("Ask for the arguments of 1 to 256 jobs.");
}

internal sealed class ReadArgumentsHandler(IJobStore jobs) : IRequestHandler<ReadArguments, Result<ArgumentBodies>>
{
    public async Task<Result<ArgumentBodies>> Handle(ReadArguments request, CancellationToken cancellationToken)
    {
        var bodies = await jobs.ReadArgumentsAsync(request.Jobs, cancellationToken).ConfigureAwait(false);
        return bodies.IsOk ? new ArgumentBodies(bodies.Value) : bodies.Error;
    }
}
