using System.Diagnostics;
using System.IO.Pipes;
using System.Text;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Native;
using FaaS.Infrastructure.Sandbox.Protocol;
using FaaS.Infrastructure.Sandbox.Walls;
using PipeStream = FaaS.Infrastructure.Sandbox.Native.PipeStream;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>What a child tells its pool. Called on the child's reader thread.</summary>
internal interface IChildEvents
{
    /// <summary>It has said what stands around it; one that is not admitted is killed, and counts as never having been ready.</summary>
    bool Admits(ChildProcess child);

    void Ready(ChildProcess child);

    /// <summary>Its assignment is settled; a child that is not reusable dies on its own account.</summary>
    void Freed(ChildProcess child, Assignment assignment, bool isReusable);

    void Gone(ChildProcess child, Assignment? assignment, string report);
}

/// <summary>
/// One child process: at most one assignment at a time. Standard output and standard error are read by threads of their
/// own from start to end, so that neither side can wait for the other with both pipes full.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private const int ReaderStackBytes = 256 << 10;
    private const int StderrCharsMax = 4 << 10;

    private readonly Lock _gate = new();
    private readonly Process _process;
    private readonly IChildEvents _events;
    private readonly TimeProvider _time;
    private readonly PipeStream _input;
    private readonly FrameReader _reader;
    private readonly FrameWriter _writer = new();
    private readonly ProcessGauge _gauge;
    private readonly StringBuilder _stderr = new();
    private Assignment? _current;
    private bool _isKilled;
    private bool _isGone;

    public ChildProcess(Process process, IChildEvents events, SandboxOptions options, TimeProvider time)
    {
        _process = process;
        _events = events;
        _time = time;
        _gauge = new ProcessGauge(process.Id);
        StartedAt = time.GetTimestamp();
        _input = new PipeStream(((System.IO.Pipes.PipeStream)process.StandardInput.BaseStream).SafePipeHandle);
        var output = (System.IO.Pipes.PipeStream)process.StandardOutput.BaseStream;
        _reader = new FrameReader(
            new PipeStream(output.SafePipeHandle),
            options.ResultBytesMax + options.LogBytesMax + FrameLimits.EndedOverheadBytes);
    }

    public int Id => _process.Id;

    public long StartedAt { get; }

    public bool IsReady { get; private set; }

    /// <summary>What it said of its walls when it was ready.</summary>
    public WallReport Walls { get; private set; } = new();

    /// <summary>Whether it ended for sending what is no frame, or the wrong one.</summary>
    public bool HasBrokenProtocol { get; private set; }

    public SourceSlots Sources { get; } = new();

    /// <summary>Whose code it ran last, be it for a check; guarded by the pool's lock.</summary>
    public (string User, long? Owner)? LastTenant { get; set; }

    public long ResidentBytes => _gauge.ResidentBytes();

    public void StartReading()
    {
        new Thread(ReadOutput, ReaderStackBytes) { IsBackground = true, Name = "sandbox out" }.Start();
        new Thread(ReadErrors, ReaderStackBytes) { IsBackground = true, Name = "sandbox err" }.Start();
    }

    /// <summary>
    /// Hands over an assignment to an idle child. The write blocks no longer than the child lives, because the child
    /// takes a whole frame before it answers, and the watchdog is already counting.
    /// </summary>
    /// <returns>False when the child died while it was idle: then the assignment is untouched.</returns>
    public bool TryBegin(
        Assignment assignment, SlotGrant grant, ReadOnlySpan<byte> source, ReadOnlySpan<byte> arguments,
        ReadOnlySpan<byte> environment = default)
    {
        assignment.CpuAtStart = assignment.CpuLastSeen = _gauge.Cpu();
        assignment.StartedAt = _time.GetTimestamp();
        lock (_gate)
        {
            if (_isGone) return false;
            _current = assignment;
        }

        try
        {
            _input.Write(
                RunFrame.Write(_writer, assignment.Request, assignment.Limits, grant, source, arguments, environment));
        }
        catch (IOException)
        {
            // The child is dead; its reader sees the end of the stream and settles the assignment.
        }

        return true;
    }

    /// <summary>Kills the child for what it is doing, unless it is no longer doing it.</summary>
    public void Condemn(Assignment assignment, Outcome verdict)
    {
        lock (_gate)
        {
            if (_current != assignment || assignment.Verdict is not null) return;
            assignment.Verdict = verdict;
            assignment.CpuLastSeen = _gauge.Cpu();
            KillLocked();
        }
    }

    /// <summary>Kills the child whatever it does.</summary>
    public void Kill()
    {
        lock (_gate)
        {
            if (_current is { Verdict: null } current) current.Verdict = Outcome.PlatformError;
            KillLocked();
        }
    }

    /// <summary>Compares what it has used with what it may use; the watchdog calls this again and again.</summary>
    /// <returns>Whether it is busy.</returns>
    public bool Inspect(SandboxOptions options)
    {
        Assignment? current;
        lock (_gate) current = _current;
        if (current is null) return false;
        if (current.Verdict is not null) return true;

        TimeSpan cpu = _gauge.Cpu();
        if (cpu > current.CpuLastSeen) current.CpuLastSeen = cpu;
        long memoryMax = (long)(current.Limits.MemoryMiB + options.BaseMemoryMiB) << 20;
        if (_time.GetElapsedTime(current.StartedAt) > current.Limits.Timeout + options.Grace
            || cpu - current.CpuAtStart > current.CpuLimit + options.Grace)
            Condemn(current, Outcome.Timeout);
        else if (_gauge.ResidentBytes() > memoryMax)
            Condemn(current, Outcome.MemoryExceeded);
        return true;
    }

    public void Dispose()
    {
        _gauge.Dispose();
        _input.Dispose();
        _process.Dispose();
    }

    private void KillLocked()
    {
        if (_isKilled) return;
        _isKilled = true;
        _process.Kill();
    }

    private void ReadOutput()
    {
        string? fault = null;
        try
        {
            while (_reader.TryRead(out Frame frame)) Take(frame);
        }
        catch (BadFrameException exception)
        {
            HasBrokenProtocol = true;
            fault = exception.Message;
        }
        catch (IOException exception)
        {
            fault = exception.Message;
        }

        Bury(fault);
    }

    private void Take(Frame frame)
    {
        if (frame.Kind == FrameKind.Ready)
        {
            if (IsReady) throw new BadFrameException("A child became ready twice.");
            Walls = ReadyFrame.Parse(frame.Body);
            if (!_events.Admits(this))
            {
                Kill();
                return;
            }

            IsReady = true;
            _events.Ready(this);
            return;
        }

        Assignment current;
        lock (_gate) current = _current ?? throw new BadFrameException($"{frame.Kind} came from an idle child.");
        if (frame.Kind == FrameKind.Logs)
        {
            current.AddLogs(frame.Body);
            return;
        }

        TimeSpan cpu = _gauge.Cpu();
        if (cpu < current.CpuLastSeen) cpu = current.CpuLastSeen;
        bool retire = current.Answer(frame, _time.GetElapsedTime(current.StartedAt), cpu - current.CpuAtStart);
        lock (_gate)
        {
            _current = null;
            if (retire) KillLocked();
            retire |= _isKilled;
        }

        _events.Freed(this, current, isReusable: !retire);
        current.Release();
    }

    /// <summary>The stream is over, so the child is dead or out of step; either way it ends here.</summary>
    private void Bury(string? fault)
    {
        lock (_gate) KillLocked();
        _process.WaitForExit();

        // The child removes its directory itself, unless it died before it came to that.
        _ = Libc.RemoveDirectory(_process.StartInfo.WorkingDirectory);
        Assignment? current;
        lock (_gate)
        {
            current = _current;
            _current = null;
            _isGone = true;
        }

        string exit = fault ?? $"exit code {_process.ExitCode}";
        current?.Fail(
            current.Verdict ?? Outcome.Crashed, current.Verdict is null ? exit : null,
            _time.GetElapsedTime(current.StartedAt), current.CpuLastSeen - current.CpuAtStart);
        string stderr;
        lock (_stderr) stderr = _stderr.ToString();
        _events.Gone(this, current, $"{exit}; {stderr}");
        current?.Release();
        Dispose();
    }

    /// <summary>Keeps the beginning of what the child wrote to standard error, which is where a crash says why.</summary>
    private void ReadErrors()
    {
        try
        {
            Span<char> chunk = stackalloc char[512];
            int read;
            while ((read = _process.StandardError.Read(chunk)) > 0)
            {
                lock (_stderr)
                {
                    int room = Math.Min(read, StderrCharsMax - _stderr.Length);
                    if (room > 0) _stderr.Append(chunk[..room]);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The child is gone, and with it the pipe.
        }
    }
}
