using FaaS.Domain;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Closed generations whose jobs the queue still has to cancel.</summary>
public sealed record ListClosedOwners : IRequest<Result<ClosedOwners>>;

/// <summary>Closed generations.</summary>
/// <param name="Generations">Those with jobs that have not ended.</param>
public sealed record ClosedOwners(IReadOnlyList<long> Generations);

internal sealed class ListClosedOwnersHandler(IUserStore users)
    : IRequestHandler<ListClosedOwners, Result<ClosedOwners>>
{
    public async Task<Result<ClosedOwners>> Handle(ListClosedOwners request, CancellationToken cancellationToken)
    {
        var closed = await users.ListClosedWithJobsAsync(cancellationToken).ConfigureAwait(false);
        return closed.IsOk ? new ClosedOwners(closed.Value) : closed.Error;
    }
}
