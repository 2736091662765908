using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FaaS.Hosts.Dev.Split;

/// <summary>A part as a process: its lines are passed on, and when it dies it is started again.</summary>
internal sealed partial class PartProcess(PartPlan plan, PartLines lines)
{
    private const int SigTerm = 15;

    /// <summary>Starts that fail this often in a row, this soon, will not come right by themselves.</summary>
    private const int HopelessStarts = 3;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>A host stops within a minute; the scaler's workers may take all of it.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(65);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private volatile Process? _process;
    private volatile bool _stopping;

    public PartPlan Plan => plan;

    /// <summary>Runs until stopped, or until starting it is hopeless.</summary>
    /// <returns>The last exit code.</returns>
    public async Task<int> RunAsync()
    {
        for (var failedStarts = 0; ;)
        {
            var startedAt = Stopwatch.GetTimestamp();
            var code = await RunOnceAsync().ConfigureAwait(false);
            if (_stopping) return code;
            failedStarts = code == 1 && Stopwatch.GetElapsedTime(startedAt) < Soon ? failedStarts + 1 : 0;
            if (failedStarts == HopelessStarts) return code;
            lines.Write(plan.Name, $"ended with code {code}; starting it again");
            await Task.Delay(Pause).ConfigureAwait(false);
            if (_stopping) return code;
        }
    }

    /// <summary>SIGTERM, then patience, then SIGKILL.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        var process = _process;
        if (process is null) return;
        try
        {
            if (process.HasExited) return;
            _ = Kill(process.Id, SigTerm);
            await process.WaitForExitAsync().WaitAsync(StopPatience).ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            // It ended, and was disposed of, meanwhile.
        }
        catch (TimeoutException)
        {
            lines.Write(plan.Name, $"did not stop within {StopPatience.TotalSeconds} s; killing it");
            process.Kill();
        }
    }

    private async Task<int> RunOnceAsync()
    {
        var info = new ProcessStartInfo(Dotnet(), [Path.Combine(AppContext.BaseDirectory, plan.Host)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in plan.Settings) info.Environment[name] = value;
        using var process = Process.Start(info)!;
        _process = process;
        // A stop that came while it was being started has found nothing to stop.
        if (_stopping) _ = Kill(process.Id, SigTerm);
        process.OutputDataReceived += (_, line) => lines.Write(plan.Name, line.Data);
        process.ErrorDataReceived += (_, line) => lines.Write(plan.Name, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await process.WaitForExitAsync().ConfigureAwait(false);
        _process = null;
        return process.ExitCode;
    }

    /// <summary>The .NET that runs this process.</summary>
    private static string Dotnet() => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
