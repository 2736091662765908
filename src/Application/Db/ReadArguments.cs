using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>The arguments of a job whose lease did not carry them. One job a request: they may be large.</summary>
/// <param name="Job">The job.</param>
/// <param name="Token">The lease under which it is to run; one that was not granted for this job is refused.</param>
public sealed record ReadArguments(JobId Job, LeaseToken Token) : IRequest<Result<ArgumentBody>>;

/// <summary>A job's arguments.</summary>
/// <param name="Bytes">A JSON array in UTF-8; null for a job that is gone.</param>
public sealed record ArgumentBody(byte[]? Bytes);

internal sealed class ReadArgumentsHandler(IJobStore jobs, LeaseSeals seals)
    : IRequestHandler<ReadArguments, Result<ArgumentBody>>
{
    public async Task<Result<ArgumentBody>> Handle(ReadArguments request, CancellationToken cancellationToken)
    {
        if (await seals.CheckAsync(request.Job, request.Token, cancellationToken).ConfigureAwait(false) is { } refusal)
            return refusal;
        var bodies = await jobs.ReadArgumentsAsync([request.Job], cancellationToken).ConfigureAwait(false);
        return bodies.IsOk ? new ArgumentBody(bodies.Value[0]) : bodies.Error;
    }
}
