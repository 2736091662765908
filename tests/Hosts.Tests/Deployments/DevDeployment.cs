using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace FaaS.Hosts.Tests.Deployments;

/// <summary>The Dev host as a real process, on a port of its own, with data of its own.</summary>
public sealed partial class DevDeployment : IDeployment
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, string> _settings;
    private readonly StringBuilder _log = new();
    private Process? _process;

    public DevDeployment(params (string Name, string Value)[] settings)
    {
        _settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value);
        DataFolder = Directory.CreateTempSubdirectory("faas-test-").FullName;
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1:1");

    public string DataFolder { get; }

    /// <summary>What it has printed, for messages of failing tests.</summary>
    public string Log
    {
        get { lock (_log) return _log.ToString(); }
    }

    public async Task StartAsync()
    {
        var process = Process.Start(StartInfo())!;
        _process = process;
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Take(line.Data, listening);
        process.ErrorDataReceived += (_, line) => Take(line.Data, listening);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var exit = process.WaitForExitAsync();
        var first = await Task.WhenAny(listening.Task, exit, Task.Delay(StartPatience));
        if (first != listening.Task) throw new InvalidOperationException($"The host did not start:\n{Log}");
        Url = await listening.Task;
        using var client = new FaasClient(this);
        await client.WaitUntilReadyAsync(StartPatience);
    }

    public async Task<int> StopAsync(TimeSpan patience)
    {
        var process = _process!;
        Signal(process.Id, SigTerm);
        try
        {
            await process.WaitForExitAsync().WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"The host did not stop within {patience}:\n{Log}");
        }
        return process.ExitCode;
    }

    public async Task KillAsync()
    {
        Signal(_process!.Id, SigKill);
        await _process.WaitForExitAsync();
    }

    public IReadOnlyList<int> SandboxProcesses()
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
                if (int.Parse(parent, CultureInfo.InvariantCulture) == _process!.Id) children.Add(id);
            }
            catch (IOException)
            {
                // It ended in between.
            }
        }
        return children;
    }

    public static void KillProcess(int id) => Signal(id, SigKill);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) await KillAsync();
        _process?.Dispose();
        Directory.Delete(DataFolder, recursive: true);
    }

    private ProcessStartInfo StartInfo()
    {
        var host = Path.Combine(AppContext.BaseDirectory, "FaaS.Hosts.Dev.dll");
        var info = new ProcessStartInfo(DotnetPath(), [host])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = DataFolder,
        };
        info.Environment["PORT"] = "0";
        info.Environment["FAAS_DATA"] = DataFolder;
        foreach (var (name, value) in _settings) info.Environment[name] = value;
        return info;
    }

    /// <summary>The running test's own dotnet: under xunit the test process is an executable of its own.</summary>
    private static string DotnetPath()
    {
        var runtime = RuntimeEnvironment.GetRuntimeDirectory();
        return Path.GetFullPath(Path.Combine(runtime, "../../../dotnet"));
    }

    private void Take(string? line, TaskCompletionSource<Uri> listening)
    {
        if (line is null) return;
        lock (_log) _log.AppendLine(line);
        const string Mark = "Listening on ";
        if (line.StartsWith(Mark, StringComparison.Ordinal)) listening.TrySetResult(new Uri(line[Mark.Length..]));
    }

    private static void Signal(int process, int signal) => _ = Kill(process, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
