using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>The worker of <c>tests/Interop</c>, which knows the platform from its protocol document alone.</summary>
public sealed class InteropWorker : IAsyncDisposable
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(3);
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "Interop");

    private readonly StringBuilder _log = new();
    private readonly Process _process;

    private InteropWorker(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it has printed.</summary>
    public string Log
    {
        get { lock (_log) return _log.ToString(); }
    }

    /// <summary>Whether it has not exited.</summary>
    public bool IsRunning => !_process.HasExited;

    /// <summary>Makes this machine able to run it, once: installs its package.</summary>
    /// <returns>Null, or what is missing.</returns>
    public static async Task<string?> PrepareAsync()
    {
        if (!await RunsAsync("node", "--version")) return "node is not on the PATH";
        if (Directory.Exists(Path.Combine(Folder, "node_modules", "zeromq"))) return null;
        return await RunsAsync("npm", "ci --ignore-scripts --no-audit --no-fund") ? null : $"'npm ci' failed in {Folder}";
    }

    /// <summary>Starts it with these settings, and no others of ours.</summary>
    public static InteropWorker Start(int queuePort, int dbPort, string setting, string value)
    {
        var info = Info("node", "worker.mjs");
        info.Environment["JQ_URL"] = $"tcp://127.0.0.1:{queuePort}";
        info.Environment["DB_URL"] = $"tcp://127.0.0.1:{dbPort}";
        info.Environment.Remove("FAAS_ROLE_KEY");
        info.Environment.Remove("FAAS_CLUSTER_SECRET");
        info.Environment[setting] = value;
        return new InteropWorker(Process.Start(info)!);
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public async Task<int> StopAsync(TimeSpan patience)
    {
        // Process knows only SIGKILL; the shell's kill is the one of this machine.
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync().WaitAsync(patience);
        return _process.ExitCode;
    }

    /// <summary>Ends it at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (IsRunning) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is not null) lock (_log) _log.AppendLine(line);
    }

    private static async Task<bool> RunsAsync(string command, string arguments)
    {
        try
        {
            using var process = Process.Start(Info(command, arguments))!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(CommandTimeout);
            await Task.WhenAll(output, error);
            return process.ExitCode == 0;
        }
        catch (Exception error) when (error is Win32Exception or TimeoutException)
        {
            return false;
        }
    }

    private static ProcessStartInfo Info(string command, string arguments) => new(command, arguments)
    {
        WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
    };
}
