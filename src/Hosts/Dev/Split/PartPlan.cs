using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using FaaS.Application.Messaging;
using FaaS.Hosts.Shared;
using FaaS.Infrastructure.Http.Access;
using Microsoft.Extensions.Configuration;

namespace FaaS.Hosts.Dev.Split;

/// <summary>One of the parts: which host it is and what it is told.</summary>
/// <param name="Name">The module's word.</param>
/// <param name="Host">The host's assembly.</param>
/// <param name="Settings">Environment variables beside those of this process.</param>
/// <param name="StopTurn">Parts of a lower number are stopped, and have ended, before those of a higher one.</param>
internal sealed record PartPlan(string Name, string Host, IReadOnlyDictionary<string, string> Settings, int StopTurn)
{
    /// <summary>More workers than that on one machine show nothing new.</summary>
    private const int MaxWorkers = 16;

    /// <summary>
    /// The parts share a few cores: a thread that spins while it waits for work takes the core from the part it waits for.
    /// </summary>
    private static readonly (string Name, string Value) NoSpinning = ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0");

    /// <summary>One hand-over to another thread less for each message. Not tried with MongoDB's driver.</summary>
    private static readonly (string Name, string Value) InlineCompletions = ("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

    /// <summary>Where users find the platform.</summary>
    public static Uri FrontendUrl(IReadOnlyList<PartPlan> parts) =>
        new($"http://127.0.0.1:{parts.Single(part => part.Name == "frontend").Settings["PORT"]}");

    /// <summary>
    /// The parts on the loopback address, on free ports, with a secret of their own. The scaler starts the workers;
    /// <c>FAAS_SPLIT_WORKERS</c> makes them so many instead, which then are parts like the others.
    /// </summary>
    public static IReadOnlyList<PartPlan> All(IConfiguration configuration)
    {
        var port = Listening.Port(configuration, "PORT", 8080);
        var data = configuration["FAAS_DATA"] ?? "faas-data";
        var store = configuration["DB_URL"] ?? $"sqlite:{Path.Combine(data, "faas.db")}";
        var secret = configuration["FAAS_CLUSTER_SECRET"] ?? Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        var pinned = configuration.GetValue<int?>("FAAS_SPLIT_WORKERS");
        var workers = pinned ?? 0;
        if (pinned is < 1 or > MaxWorkers)
            throw new CompositionException($"FAAS_SPLIT_WORKERS is {workers}; it must be from 1 to {MaxWorkers}.");
        int[] free = FreePorts(6 + workers);
        var frontend = port == 0 ? free[0] : port;
        var (db, queue) = ($"tcp://127.0.0.1:{free[1]}", $"tcp://127.0.0.1:{free[2]}");
        return
        [
            Part("db", "Db", 3,
                [("DB_URL", store), ("PORT", Text(free[1])), ("HEALTH_PORT", Text(free[3])), .. Secrets(configuration, data)]),
            Part("queue", "Queue", 2, ("DB_URL", db), ("PORT", Text(free[2])), ("HEALTH_PORT", Text(free[4]))),
            .. Enumerable.Range(0, workers).Select(at => Part(
                at == 0 ? "worker" : $"worker{at + 1}", "Worker", 1,
                ("DB_URL", db), ("JQ_URL", queue), ("PORT", Text(free[6 + at])))),
            Part("scaler", "Scaler", 1, [("JQ_URL", queue), ("PORT", Text(free[5])), .. Fleet(configuration, db, pinned is null)]),
            Part("frontend", "Frontend", 0,
                [("DB_URL", db), ("JQ_URL", queue), ("PORT", Text(frontend)), .. Access(configuration)]),
        ];

        PartPlan Part(string name, string host, int turn, params (string Name, string Value)[] settings) => new(
            name, $"FaaS.Hosts.{host}.dll",
            settings.Append(("FAAS_CLUSTER_SECRET", secret)).Append((FaasHost.EndWithInput, "1")).Append(NoSpinning)
                .Concat(host == "Db" && !store.StartsWith("sqlite:", StringComparison.Ordinal) ? [] : [InlineCompletions])
                .ToDictionary(setting => setting.Item1, setting => setting.Item2), turn);
    }

    /// <summary>Dev's own key, unless the environment brings keys.</summary>
    private static IEnumerable<(string Name, string Value)> Secrets(IConfiguration configuration, string data)
    {
        if (configuration[SecretKeyFile.Variable] is null && SecretKeyFile.ReadUnlessGiven(configuration, data) is { } key)
            yield return (SecretKeyFile.Variable, key);
    }

    /// <summary>Open, as Dev is, unless the environment says who may call.</summary>
    private static IEnumerable<(string Name, string Value)> Access(IConfiguration configuration)
    {
        if (configuration["Auth:Mode"] is null && !AuthOptions.HasAdminKey(configuration)) yield return ("Auth__Mode", "open");
    }

    /// <summary>Whether the scaler starts the workers, and how many on one machine, where the environment does not say it.</summary>
    private static IEnumerable<(string Name, string Value)> Fleet(IConfiguration configuration, string db, bool isTheScalers)
    {
        yield return ("Fleet__Kind", isTheScalers ? "Process" : "None");
        if (!isTheScalers) yield break;
        yield return ("ProcessFleet__DbUrl", db);
        if (configuration["Scaler:WorkerMax"] is null) yield return ("Scaler__WorkerMax", "8");
        if (configuration["Scaler:Interval"] is null) yield return ("Scaler__Interval", "00:00:01");
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    /// <summary>Ports that are free now, all different. Somebody else may take one before a part does; it then says so.</summary>
    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        try
        {
            foreach (var listener in listeners) listener.Start();
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners) listener.Dispose();
        }
    }
}
