using System.Collections.Concurrent;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>Whose a job is.</summary>
/// <param name="Generation">The user's generation.</param>
/// <param name="Function">The function.</param>
internal sealed record JobOwner(long Generation, string Function);

/// <summary>
/// Whose jobs are. It never changes, so what is known stays known, and a job that is asked for again costs nothing.
/// </summary>
internal sealed class JobOwners(IMediator mediator)
{
    private const int KnownMax = 50_000;

    private ConcurrentDictionary<JobId, JobOwner> _newer = new();
    private ConcurrentDictionary<JobId, JobOwner> _older = new();

    /// <summary>Remembers a job; beyond the bound those that were remembered first are forgotten.</summary>
    public void Remember(JobId id, JobOwner owner)
    {
        if (_newer.Count >= KnownMax) (_older, _newer) = (_newer, new ConcurrentDictionary<JobId, JobOwner>());
        _newer[id] = owner;
    }

    /// <summary>Whose a job is; <see cref="ErrorCode.JobNotFound"/> when there is none.</summary>
    public async ValueTask<Result<JobOwner>> FindAsync(JobId id, CancellationToken cancellation)
    {
        if (_newer.TryGetValue(id, out var owner) || _older.TryGetValue(id, out owner)) return owner;
        var found = await mediator.Send(new FindJob(id, JobParts.None), cancellation).ConfigureAwait(false);
        return found.IsOk
            ? new JobOwner(found.Value.Binding.Generation, found.Value.Binding.Function)
            : found.Error;
    }
}
