using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace FaaS.Tests.Shared.Mongo;

/// <summary>
/// The wire-protocol server of <c>tests/Mongo</c> as a child process: it speaks MongoDB's protocol, and is evidence of
/// nothing else. Its packages are installed when it is first used.
/// </summary>
public sealed class MongoWireServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(3);

    private readonly Process _process;

    private MongoWireServer(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    /// <summary>The port it listens on, on the loopback address.</summary>
    public int Port { get; }

    /// <summary>The URL of one of its databases.</summary>
    public string UrlOf(string database) => $"mongodb://127.0.0.1:{Port}/{database}";

    /// <summary>Starts a server; a reason instead when this machine has not what it takes.</summary>
    public static async Task<(MongoWireServer? Server, string? Reason)> TryStartAsync()
    {
        var folder = Path.Combine(Repository.Root, "tests", "Mongo");
        if (!await RunsAsync("node", "--version", folder, StartTimeout)) return (null, "node is not on the PATH");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "@push.rocks", "smartmongo"))
            && !await RunsAsync("npm", "ci --ignore-scripts --no-audit --no-fund", folder, InstallTimeout))
            return (null, $"'npm ci --ignore-scripts' failed in {folder}");
        var process = Start("node", "server.mjs", folder);
        try
        {
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(StartTimeout);
            if (line is null || !line.StartsWith("port ", StringComparison.Ordinal))
                throw new InvalidOperationException($"The wire-protocol server said '{line}' instead of its port.");
            // What it says later is not of interest, but a full pipe would stop it.
            _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
            return (new MongoWireServer(process, int.Parse(line.AsSpan(5), CultureInfo.InvariantCulture)), null);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Ends the server at once, as kill -9 does; what it held is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<bool> RunsAsync(string command, string arguments, string folder, TimeSpan timeout)
    {
        try
        {
            using var process = Start(command, arguments, folder);
            var output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(timeout);
            await output;
            return process.ExitCode == 0;
        }
        catch (Exception error) when (error is Win32Exception or TimeoutException)
        {
            return false;
        }
    }

    private static Process Start(string command, string arguments, string folder) =>
        Process.Start(new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
}
