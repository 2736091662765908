using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace FaaS.Benchmarks.Comparison;

/// <summary>The programs a comparison needs, and how they are run.</summary>
internal static class Tools
{
    /// <summary>The peers' scripts: found upwards from the executable, so that any working directory will do.</summary>
    public static string Folder { get; } = Find();

    public static async Task<string?> MissingAsync()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        string[] packages = [.. new[] { ("redis-server", "redis-server"), ("wrk", "wrk"), ("node", "nodejs"), ("npm", "npm") }
            .Where(tool => !path.Any(folder => File.Exists(Path.Combine(folder, tool.Item1)))).Select(tool => tool.Item2)];
        if (packages.Length > 0) return $"Missing: apt-get install --no-install-recommends {string.Join(' ', packages)}";
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
            await OutputAsync("npm", "ci", "--ignore-scripts").ConfigureAwait(false);
        return null;
    }

    /// <summary>Runs a program in the scripts' folder to its end.</summary>
    public static async Task<string> OutputAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = Folder };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {output}");
    }

    /// <summary>Starts a server and waits until its port answers.</summary>
    public static async Task<Process> ServeAsync(int port, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = Folder };
        var process = Process.Start(start)!;
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        for (var tries = 0; tries < 400 && !process.HasExited; tries++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port).ConfigureAwait(false);
                return process;
            }
            catch (SocketException)
            {
                await Task.Delay(25).ConfigureAwait(false);
            }
        }
        await StopAsync(process).ConfigureAwait(false);
        throw new InvalidOperationException($"{program} does not listen on port {port}.");
    }

    public static async Task StopAsync(Process process)
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync().ConfigureAwait(false);
        process.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static double Number(string json, string member)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(member).GetDouble();
    }

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var folder = Path.Combine(at.FullName, "tests", "Benchmarks", "peers");
            if (Directory.Exists(folder)) return folder;
        }
        throw new DirectoryNotFoundException("tests/Benchmarks/peers was not found above the executable.");
    }
}
