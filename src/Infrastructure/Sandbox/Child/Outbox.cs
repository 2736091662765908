using FaaS.Application.Worker;
using FaaS.Infrastructure.Sandbox.Protocol;
using FaaS.Infrastructure.Sandbox.Runtime;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Infrastructure.Sandbox.Child;

/// <summary>
/// The child's writing side. The script thread ends runs here; log lines leave earlier, when 4 KiB are waiting or when
/// the supervisor finds them 50 ms old, so that they survive a kill. One lock orders the two threads.
/// </summary>
internal sealed class Outbox(Stream stream, Action wakeSupervisor) : ILogSink
{
    private const int FlushBytes = 4 << 10;

    private readonly Lock _gate = new();
    private readonly FrameWriter _writer = new();
    private readonly FrameWriter _logWriter = new();
    private readonly List<byte> _lines = new(FlushBytes);
    private bool _supervisorWoken;
    private bool _isContinued;

    public void Append(ReadOnlySpan<byte> line)
    {
        bool wake;
        lock (_gate)
        {
            if (_isContinued) _lines.Add((byte)',');
            _isContinued = true;
            _lines.AddRange(line);
            if (_lines.Count >= FlushBytes) FlushLocked();
            wake = _lines.Count > 0 && !_supervisorWoken;
            if (wake) _supervisorWoken = true;
        }

        if (wake) wakeSupervisor();
    }

    /// <summary>Sends what waits; called by the supervisor, 50 ms after it was woken.</summary>
    public void FlushLogs()
    {
        lock (_gate)
        {
            _supervisorWoken = false;
            FlushLocked();
        }
    }

    public void Ready(WallReport walls)
    {
        lock (_gate) stream.Write(ReadyFrame.Write(_writer, walls));
    }

    public void Ended(in RunEnd end)
    {
        lock (_gate)
        {
            stream.Write(EndedFrame.Write(_writer, end, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_lines)));
            Forget();
        }
    }

    public void Checked(SourceCheck check, bool retire)
    {
        lock (_gate)
        {
            stream.Write(CheckedFrame.Write(_writer, check, retire));
            Forget();
        }
    }

    private void Forget()
    {
        _lines.Clear();
        _isContinued = false;
    }

    private void FlushLocked()
    {
        if (_lines.Count == 0) return;
        stream.Write(_logWriter.Begin(FrameKind.Logs)
            .Bytes(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_lines)).End());
        _lines.Clear();
    }
}
