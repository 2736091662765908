using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Fleet.Processes;

/// <summary>Starts worker hosts: with the scaler's environment, but for what has to be each one's own.</summary>
internal sealed class WorkerLauncher(IOptions<ProcessFleetOptions> options, IConfiguration configuration)
{
    public const string RoleKeyVariable = "FAAS_ROLE_KEY";

    private const string QueueUrlVariable = "JQ_URL";
    private const string Loopback = "127.0.0.1";

    /// <summary>Where the secret that all keys derive from may stand.</summary>
    public static readonly string[] SecretSettings = ["FAAS_CLUSTER_SECRET", "Cluster:Secret"];

    /// <summary>Where the scaler's own key may stand.</summary>
    public static readonly string[] RoleKeySettings = [RoleKeyVariable, "Cluster:RoleKey"];

    private readonly ProcessFleetOptions _options = options.Value;

    /// <summary>Where a worker answers health checks.</summary>
    public static Uri Ready(int port) => new UriBuilder("http", Loopback, port, "/health/ready").Uri;

    /// <summary>
    /// A port of the loopback address that is free now. Another process may take it before the worker does; the worker
    /// says so and ends, which is a start like others that fail.
    /// </summary>
    public static int FreePort(IReadOnlyCollection<int> taken)
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (!taken.Contains(port)) return port;
        }
    }

    /// <summary>Starts one.</summary>
    /// <param name="port">Where it is to answer health checks.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The executable cannot be started.</exception>
    public Process Start(int port)
    {
        var path = _options.EffectiveWorkerPath;
        var isAssembly = path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        var info = new ProcessStartInfo(isAssembly ? Dotnet() : path, isAssembly ? [path] : [])
        {
            // It ends when its input does: then the scaler is gone, however it went.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["FAAS_END_WITH_INPUT"] = "1";
        info.Environment["FAAS_BIND"] = Loopback;
        info.Environment["PORT"] = port.ToString(CultureInfo.InvariantCulture);
        info.Environment[ProcessFleetOptions.DbUrlVariable] = _options.DbUrl;
        info.Environment[QueueUrlVariable] = configuration[QueueUrlVariable];
        if (!string.IsNullOrWhiteSpace(_options.WorkerRoleKey)) TakeKey(info.Environment, _options.WorkerRoleKey);
        return Process.Start(info) ?? throw new InvalidOperationException($"{path} did not start.");
    }

    /// <summary>Who is given a key of its own need not know the others.</summary>
    private static void TakeKey(IDictionary<string, string?> environment, string key)
    {
        foreach (var setting in SecretSettings.Concat(RoleKeySettings))
            environment.Remove(setting.Replace(":", "__", StringComparison.Ordinal));
        environment[RoleKeyVariable] = key;
    }

    /// <summary>The .NET that runs this process, so that both agree on the version.</summary>
    private static string Dotnet()
    {
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        return File.Exists(beside) ? beside : "dotnet";
    }
}
