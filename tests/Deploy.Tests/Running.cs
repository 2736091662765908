using System.Diagnostics;
using System.Globalization;

namespace FaaS.Deploy.Tests;

/// <summary>A published host that runs, with an environment of its own; killed if it is still there at the end.</summary>
internal sealed class Running : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(75);

    private readonly Process _process;

    private Running(Process process) => _process = process;

    /// <summary>Starts a program.</summary>
    public static Running Start(string program, IEnumerable<(string Name, string Value)> environment)
    {
        var info = new ProcessStartInfo(program)
        {
            WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) info.Environment[name] = value;
        info.Environment["DOTNET_ROOT"] = Images.DotnetRoot;
        var process = Process.Start(info)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new Running(process);
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
