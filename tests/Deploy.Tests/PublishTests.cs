using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>What the Dockerfile's publish stages run, run here, and what comes out of it, started.</summary>
public sealed class PublishTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The others take as long each, so they are behind a switch.</summary>
    public static TheoryData<string> Targets => Environment.GetEnvironmentVariable("FAAS_TEST_IMAGES") == "1"
        ? [.. Images.Targets.Keys] : ["worker"];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Published_Starts_IsFoundAlive_AndStops(string target)
    {
        var folder = await (await Images.ReadAsync()).PublishAsync(target);
        var program = Path.Combine(folder, "FaaS.Hosts." + Images.Targets[target]);
        var setting = target is "dbmanager" or "jqmanager" ? "HEALTH_PORT" : "PORT";
        var ports = FreePorts(4);
        (string, string)[] environment =
        [
            ("DOTNET_ROOT", Images.DotnetRoot), ("FAAS_LOG", "json"), ("DOTNET_EnableDiagnostics", "0"),
            ("PORT", ports[1]), (setting, ports[0]), ("JQ_URL", $"tcp://127.0.0.1:{ports[2]}"),
            ("DB_URL", target == "dbmanager" ? $"sqlite:{folder}.data/faas.db" : $"tcp://127.0.0.1:{ports[3]}"),
        ];
        var (alive, sandbox) = (false, false);
        (await CheckAsync()).Should().BeFalse("nothing runs yet");

        using var host = Start(program, environment);
        try
        {
            await Eventually.HoldsAsync(async () => alive = await CheckAsync(), Patience);
            if (target is "worker" or "frontend")
                await Eventually.HoldsAsync(async () => sandbox = await HasChildrenAsync(ports[0]), Patience);
            using var kill = Process.Start("kill", ["-TERM", host.Id.ToString(CultureInfo.InvariantCulture)]);
            await host.WaitForExitAsync().WaitAsync(Patience);
        }
        finally
        {
            if (!host.HasExited) host.Kill(entireProcessTree: true);
        }

        alive.Should().BeTrue();
        sandbox.Should().Be(target is "worker" or "frontend");
        host.ExitCode.Should().Be(0);
        Directory.Delete(folder, recursive: true);
        if (Directory.Exists(folder + ".data")) Directory.Delete(folder + ".data", recursive: true);

        async Task<bool> CheckAsync() =>
            (await Node.RunAsync(folder, program, ["health", setting, "1"], "", environment)).Code == 0;
    }

    private static async Task<bool> HasChildrenAsync(string port)
    {
        using var client = new HttpClient();
        var metrics = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
        return metrics.Split('\n').Any(line =>
            line.StartsWith("faas_sandbox_spares", StringComparison.Ordinal) && line.Split(' ')[1] != "0");
    }

    private static Process Start(string program, (string Name, string Value)[] environment)
    {
        var info = new ProcessStartInfo(program) { WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) info.Environment[name] = value;
        var process = Process.Start(info)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static string[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var listener in listeners) listener.Start();
        string[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture))];
        foreach (var listener in listeners) listener.Dispose();
        return ports;
    }
}
