using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace FaaS.Hosts.Tests.Deployments;

/// <summary>One host as a real process: started, listened to, signalled, killed, started again.</summary>
/// <param name="host">The host's assembly, beside the tests.</param>
/// <param name="folder">Its working directory.</param>
/// <param name="settings">Its environment.</param>
/// <param name="arguments">Its command line.</param>
public sealed partial class HostProcess(
    string host, string folder, IReadOnlyDictionary<string, string> settings, params string[] arguments) : IDisposable
{
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigCont = 18;
    public const int SigStop = 19;

    private readonly StringBuilder _log = new();
    private Process? _process;
    private TaskCompletionSource<Uri> _listening = new();

    /// <summary>What it has printed, over all its lives, for messages of failing tests.</summary>
    public string Log
    {
        get { lock (_log) return _log.ToString(); }
    }

    public int Id => _process!.Id;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Starts the process; it may not listen yet.</summary>
    public void Start()
    {
        var info = new ProcessStartInfo(DotnetPath(), [Path.Combine(AppContext.BaseDirectory, host), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        // Up to five of these share a few cores, and live for seconds: threads that wait are not to spin, and code is not
        // compiled once more only to count how it is used.
        info.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0";
        info.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in settings) info.Environment[name] = value;
        _listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (process, listening) = (Process.Start(info)!, _listening);
        _process?.Dispose();
        _process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data, listening);
        process.ErrorDataReceived += (_, line) => Take(line.Data, listening);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Waits for the line that says where it listens.</summary>
    public async Task<Uri> ListeningAsync(TimeSpan patience)
    {
        var exit = _process!.WaitForExitAsync();
        var first = await Task.WhenAny(_listening.Task, exit, Task.Delay(patience));
        if (first != _listening.Task) throw new InvalidOperationException($"{host} did not start:\n{Log}");
        return await _listening.Task;
    }

    /// <summary>SIGTERM, and waits for the exit.</summary>
    public async Task<int> StopAsync(TimeSpan patience)
    {
        var process = _process!;
        Signal(SigTerm);
        try
        {
            await process.WaitForExitAsync().WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"{host} did not stop within {patience}:\n{Log}");
        }
        return process.ExitCode;
    }

    public async Task KillAsync()
    {
        if (_process is not { HasExited: false } process) return;
        Signal(SigKill);
        await process.WaitForExitAsync();
    }

    public async Task<int> ExitAsync(TimeSpan patience)
    {
        await _process!.WaitForExitAsync().WaitAsync(patience);
        return _process.ExitCode;
    }

    public void Signal(int signal) => _ = Kill(_process!.Id, signal);

    /// <summary>The processes that this one has started and that run.</summary>
    public IReadOnlyList<int> Children() => ChildrenOf(_process!.Id);

    /// <summary>Of the processes that this one has started, those of a host.</summary>
    /// <param name="host">The host's assembly.</param>
    public IReadOnlyList<int> Children(string host) =>
        [.. Children().Where(child => CommandOf(child).Contains(host, StringComparison.Ordinal))];

    /// <summary>The processes that one has started and that run.</summary>
    public static IReadOnlyList<int> ChildrenOf(int process)
    {
        var children = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var id)) continue;
            try
            {
                // After the name in brackets: state, then the parent's id.
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                var parent = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1];
                if (int.Parse(parent, CultureInfo.InvariantCulture) == process) children.Add(id);
            }
            catch (IOException)
            {
                // It ended in between.
            }
        }
        return children;
    }

    /// <summary>A process's command line; empty when it has ended.</summary>
    public static string CommandOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    public static void KillProcess(int id) => _ = Kill(id, SigKill);

    public void Dispose()
    {
        if (IsRunning)
        {
            Signal(SigKill);
            _process!.WaitForExit();
        }
        _process?.Dispose();
    }

    /// <summary>The running test's own dotnet: under xunit the test process is an executable of its own.</summary>
    private static string DotnetPath() =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));

    private void Take(string? line, TaskCompletionSource<Uri> listening)
    {
        if (line is null) return;
        lock (_log) _log.AppendLine(line);
        const string Mark = "Listening on ";
        if (line.StartsWith(Mark, StringComparison.Ordinal)) listening.TrySetResult(new Uri(line[Mark.Length..]));
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
