using System.Collections.Concurrent;
using System.Globalization;

namespace FaaS.Infrastructure.Fleet.Processes;

/// <summary>
/// Brings the lines of all workers to their <see cref="WorkerOutput"/>, one after the other, from a thread of its own:
/// neither a worker nor its reader ever waits for a console that somebody has paused. Each worker may have a bounded
/// number of lines under way; what one prints beyond that is left out and counted, and holds up nobody else's.
/// </summary>
internal sealed class OutputQueue : IDisposable
{
    /// <summary>Lines of one worker that wait to be written.</summary>
    public const int LinesMax = 512;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<(Source Source, string Line)> _lines = [];
    private readonly WorkerOutput _output;
    private readonly Thread _writer;
    private bool _isOver;

    public OutputQueue(WorkerOutput output)
    {
        _output = output;
        _writer = new Thread(Write) { IsBackground = true, Name = "worker lines" };
        _writer.Start();
    }

    /// <summary>A worker's place in the queue.</summary>
    public Source Open(string worker) => new(this, worker);

    /// <summary>Writes what there is, for 2 s at most.</summary>
    public void Dispose()
    {
        if (_isOver) return;
        _isOver = true;
        _lines.CompleteAdding();
        if (_writer.Join(EndPatience)) _lines.Dispose();
    }

    private void Write()
    {
        foreach (var (source, line) in _lines.GetConsumingEnumerable())
        {
            try
            {
                if (source.TakeLeftOut() is > 0 and var leftOut) _output(source.Worker, Notice(leftOut));
                _output(source.Worker, line);
            }
            catch (IOException)
            {
                // A full disk behind the output costs lines, as those of the logger do, and not the workers.
            }
            source.Written();
        }
    }

    private static string Notice(int leftOut) => string.Create(
        CultureInfo.InvariantCulture, $"{LineCutter.Cut.Trim()} {leftOut} lines came faster than they could be written.");

    /// <summary>One worker's lines.</summary>
    internal sealed class Source(OutputQueue queue, string worker)
    {
        private int _waiting;
        private int _leftOut;

        public string Worker => worker;

        /// <summary>Adds a line, or counts it as left out.</summary>
        public void Add(string line)
        {
            if (Interlocked.Increment(ref _waiting) > LinesMax || !queue.TryAdd(this, line))
            {
                Interlocked.Decrement(ref _waiting);
                Interlocked.Increment(ref _leftOut);
            }
        }

        /// <summary>The worker has ended: says what was left out since its last line, if anything was.</summary>
        public void Close()
        {
            if (TakeLeftOut() is > 0 and var leftOut) queue.TryAdd(this, Notice(leftOut));
        }

        internal int TakeLeftOut() => Interlocked.Exchange(ref _leftOut, 0);

        internal void Written() => Interlocked.Decrement(ref _waiting);
    }

    private bool TryAdd(Source source, string line)
    {
        try
        {
            return _lines.TryAdd((source, line));
        }
        catch (InvalidOperationException)
        {
            // The host is about to end; nobody writes any more.
            return false;
        }
    }
}
