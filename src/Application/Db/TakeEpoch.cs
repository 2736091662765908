using FaaS.Domain;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Takes the queue's next epoch; commits of earlier ones are refused from then on.</summary>
public sealed record TakeEpoch : IRequest<Result<Epoch>>;

internal sealed class TakeEpochHandler(IJobStore jobs) : IRequestHandler<TakeEpoch, Result<Epoch>>
{
    public Task<Result<Epoch>> Handle(TakeEpoch request, CancellationToken cancellationToken) =>
        jobs.TakeEpochAsync(cancellationToken);
}
