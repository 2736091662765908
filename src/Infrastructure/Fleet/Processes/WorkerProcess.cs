using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FaaS.Infrastructure.Fleet.Processes;

/// <summary>What a worker's process does.</summary>
internal enum WorkerState
{
    /// <summary>It is alive and has not been ready yet.</summary>
    Starting,

    /// <summary>It takes jobs.</summary>
    Running,

    /// <summary>It was told to leave, and finishes what it has.</summary>
    Draining,
}

/// <summary>One worker as a process: its lines are read from start to end, and it can be told to leave.</summary>
internal sealed partial class WorkerProcess : IDisposable
{
    private const int SigTerm = 15;
    private const int ErrorCharsMax = 300;

    /// <summary>For the last lines, should something else still hold the pipe.</summary>
    private static readonly TimeSpan LinesPatience = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly OutputQueue.Source _lines;
    private readonly Task _reading;
    private volatile string? _lastError;
    private bool _isDisposed;

    public WorkerProcess(string name, int port, Process process, OutputQueue.Source lines, long startedAt)
    {
        (Name, Port, StartedAt) = (name, port, startedAt);
        (_process, _lines, Id) = (process, lines, process.Id);
        _reading = Task.WhenAll(
            ReadAsync(process.StandardOutput.BaseStream, lines.Add),
            ReadAsync(process.StandardError.BaseStream, line => lines.Add(_lastError = line)));
    }

    public string Name { get; }

    /// <summary>Where it answers health checks.</summary>
    public int Port { get; }

    public int Id { get; }

    /// <summary>The timestamp of its start.</summary>
    public long StartedAt { get; }

    /// <summary>Guarded by the fleet's lock, like all that can be set here.</summary>
    public WorkerState State { get; set; }

    /// <summary>The timestamp of the last change of <see cref="State"/>.</summary>
    public long ChangedAt { get; set; }

    public bool IsKnownToBeSlow { get; set; }

    /// <summary>Ends when the process has, and the fleet knows.</summary>
    public Task Ended { get; set; } = Task.CompletedTask;

    /// <summary>Called under the fleet's lock, as are the signals and <see cref="Dispose"/>.</summary>
    public bool HasExited => _isDisposed || _process.HasExited;

    /// <summary>The last it wrote to its standard error, cut to a length for logs; null when it wrote nothing.</summary>
    public string? LastError =>
        _lastError is { Length: > ErrorCharsMax } error ? error[..ErrorCharsMax] + LineCutter.Cut : _lastError;

    /// <summary>Waits for the exit.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <summary>Waits until all is read that it has printed, after its exit.</summary>
    public async Task WaitForLinesAsync()
    {
        await Task.WhenAny(_reading, Task.Delay(LinesPatience)).ConfigureAwait(false);
        _lines.Close();
    }

    /// <summary>Tells it to leave: it drains, and ends.</summary>
    public void Terminate()
    {
        if (!HasExited) _ = Kill(Id, SigTerm);
    }

    /// <summary>Ends it now.</summary>
    public void Kill()
    {
        if (!HasExited) _process.Kill();
    }

    public void Dispose()
    {
        _isDisposed = true;
        _process.Dispose();
    }

    /// <summary>A thread of its own: a pipe is read by one that blocks.</summary>
    private static Task ReadAsync(Stream stream, Action<string> take) => Task.Factory.StartNew(
        () => LineCutter.Read(stream, take), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
