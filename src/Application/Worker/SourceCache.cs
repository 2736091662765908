using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using MediatR;

namespace FaaS.Application.Worker;

/// <summary>Sources by hash, as read from Db: they are immutable, so what was read once stays true.</summary>
internal sealed class SourceCache(IMediator mediator, int maxBytes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SourceHash, byte[]> _sources = [];
    private readonly Queue<SourceHash> _order = new();
    private long _bytes;

    public ValueTask<Result<byte[]>> ReadAsync(SourceHash hash, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_sources.TryGetValue(hash, out var source)) return new(source);
        }
        return new(FetchAsync(hash, cancellation));
    }

    private async Task<Result<byte[]>> FetchAsync(SourceHash hash, CancellationToken cancellation)
    {
        var source = await mediator.Send(new ReadSource(hash), cancellation).ConfigureAwait(false);
        if (!source.IsOk) return source.Error;
        Keep(hash, source.Value.Bytes);
        return source.Value.Bytes;
    }

    /// <summary>Keeps a source; the oldest ones make room. Reading one again is cheap, so age is measure enough.</summary>
    private void Keep(SourceHash hash, byte[] source)
    {
        lock (_gate)
        {
            if (source.Length > maxBytes || !_sources.TryAdd(hash, source)) return;
            _order.Enqueue(hash);
            _bytes += source.Length;
            while (_bytes > maxBytes && _order.TryDequeue(out var oldest))
                if (_sources.Remove(oldest, out var gone)) _bytes -= gone.Length;
        }
    }
}
