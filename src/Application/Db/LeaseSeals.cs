using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Db;

/// <summary>
/// Tells whether a worker was granted what it asks about. A worker has its role's key in common with all others, so what
/// belongs to one job is given to the bearer of one of its leases only.
/// </summary>
internal sealed class LeaseSeals(IJobStore jobs)
{
    private LeaseSealer? _sealer;

    /// <summary>Null for a lease that was granted for the job; else why nothing is answered.</summary>
    public async ValueTask<Error?> CheckAsync(JobId job, LeaseToken token, CancellationToken cancellation)
    {
        if (_sealer is not { } sealer)
        {
            var key = await jobs.ReadLeaseKeyAsync(cancellation).ConfigureAwait(false);
            if (!key.IsOk) return key.Error;
            _sealer = sealer = new LeaseSealer(key.Value);
        }
        return sealer.IsGenuine(job, token)
            ? null
            : new Error(ErrorCode.Forbidden, $"The lease {token.Epoch}/{token.Number} was not granted for the job {job}.");
    }
}
