namespace FaaS.Domain.Jobs;

/// <summary>
/// Arguments of jobs that will probably be leased soon, so that the lease can carry them. When it is full the rest
/// stays in the store, and the worker reads them there: a backlog of a million jobs costs no memory for arguments.
/// </summary>
internal sealed class ArgumentCache(int maxJobs, int maxBytes)
{
    private readonly Dictionary<JobId, byte[]> _bodies = [];
    private long _bytes;

    public void Keep(JobId id, byte[]? arguments)
    {
        if (arguments is null || _bodies.Count >= maxJobs || _bytes + arguments.Length > maxBytes) return;
        if (_bodies.TryAdd(id, arguments)) _bytes += arguments.Length;
    }

    public byte[]? Find(JobId id) => _bodies.GetValueOrDefault(id);

    public void Drop(JobId id)
    {
        if (_bodies.Remove(id, out var arguments)) _bytes -= arguments.Length;
    }
}
