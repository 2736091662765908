using System.Collections.Concurrent;
using FaaS.Application.Queue;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Worker;

/// <summary>
/// Passes on what runs write while they run, for those who follow them. A run never waits for it: its lines are put into memory that
/// the sandbox bounds, and sent at intervals, all runs' together, one request at a time. What is over before the first interval is
/// sends nothing, which is nearly everything; a run whose lines could not be sent sends no more, for there would be a gap.
/// </summary>
internal sealed class LiveLines(Guid worker, IMediator mediator, TimeProvider time)
{
    private const int ChunkBytesMax = 64 << 10;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<LeaseToken, Tap> _open = new();
    private readonly Signal _written = new();

    /// <summary>Listens to a run.</summary>
    public ILogTap Open(LeasedJob job) => _open.GetOrAdd(job.Token, _ => new Tap(job, _written));

    /// <summary>The run is over, or never began.</summary>
    public void Close(LeasedJob job) => _open.TryRemove(job.Token, out _);

    /// <summary>Sends what there is, until cancelled.</summary>
    public async Task SendAsync(CancellationToken stopping)
    {
        await _written.WaitAsync(stopping).ConfigureAwait(false);
        await Task.Delay(Interval, time, stopping).ConfigureAwait(false);
        foreach (var batch in Take())
        {
            var answer = await mediator.Send(new AppendLogs(worker, [.. batch.Select(sent => sent.Chunk)]), stopping).ConfigureAwait(false);
            if (answer is { IsOk: true, Value.Count: var count } && count == batch.Count) continue;
            foreach (var (tap, _) in batch) tap.Break();
        }
    }

    private IEnumerable<List<(Tap Tap, LogChunk Chunk)>> Take()
    {
        var (batch, bytes) = (new List<(Tap, LogChunk)>(), 0);
        foreach (var (_, tap) in _open)
        {
            if (tap.Take(ChunkBytesMax) is not { } chunk) continue;
            if (batch.Count == AppendLogsValidator.ChunksMax || bytes + chunk.Bytes.Length > AppendLogsValidator.BytesMax)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }
            batch.Add((tap, chunk));
            bytes += chunk.Bytes.Length;
        }
        if (batch.Count > 0) yield return batch;
    }

    /// <summary>What one run has written and nobody was told.</summary>
    private sealed class Tap(LeasedJob job, Signal written) : ILogTap
    {
        private readonly Lock _gate = new();
        private List<byte[]> _frames = [];
        private int _sent;
        private bool _isBroken;

        public void Append(ReadOnlySpan<byte> lines)
        {
            if (lines.IsEmpty) return;
            lock (_gate)
            {
                if (_isBroken) return;
                _frames.Add(lines.ToArray());
            }
            written.Set();
        }

        /// <summary>The next whole lines; null when there are none.</summary>
        public LogChunk? Take(int bytesMax)
        {
            lock (_gate)
            {
                var (count, bytes) = (0, 0);
                while (count < _frames.Count && (count == 0 || bytes + _frames[count].Length <= bytesMax)) bytes += _frames[count++].Length;
                if (count == 0) return null;
                var chunk = new LogChunk(job.Job, job.Token, _sent, [.. _frames.Take(count).SelectMany(frame => frame)]);
                _frames.RemoveRange(0, count);
                _sent += bytes;
                if (_frames.Count > 0) written.Set();
                return chunk;
            }
        }

        public void Break()
        {
            lock (_gate) (_isBroken, _frames) = (true, []);
        }
    }
}
