using System.Globalization;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Net;

namespace FaaS.Hosts.Tests.Deployments;

/// <summary>The five parts as real processes on the loopback address, each of which can be killed on its own.</summary>
public sealed class SplitDeployment : IDeployment
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);
    /// <summary>What all parts know, and strangers do not.</summary>
    public const string Secret = "a secret of the tests, which is long enough";

    private readonly Dictionary<string, HostProcess> _parts = [];
    private readonly Dictionary<string, (string Host, Dictionary<string, string> Environment)> _plans = [];

    /// <param name="settings">
    /// Environment of all parts; with a part's name and a colon before the setting's, of that part alone.
    /// </param>
    public SplitDeployment(params (string Name, string Value)[] settings)
    {
        DataFolder = Directory.CreateTempSubdirectory("faas-test-").FullName;
        var ports = FreePorts.Take(7);
        (DbPort, QueuePort) = (ports[1], ports[2]);
        Url = new Uri($"http://127.0.0.1:{ports[0]}");
        Add("db", "Db", settings, ("DB_URL", $"sqlite:{DataFolder}/faas.db"), ("PORT", Text(DbPort)), ("HEALTH_PORT", Text(ports[3])),
            ("FAAS_SECRET_KEYS", $"k1:{Convert.ToBase64String(new byte[32])}"));
        Add("queue", "Queue", settings, ("PORT", Text(QueuePort)), ("HEALTH_PORT", Text(ports[4])));
        Add("worker", "Worker", settings, ("PORT", Text(ports[5])));
        Add("scaler", "Scaler", settings, ("PORT", Text(ports[6])));
        // As Dev is, unless a test says otherwise.
        Add("frontend", "Frontend", settings, ("PORT", Text(ports[0])), ("Auth__Mode", "open"));
    }

    public Uri Url { get; }

    public Uri WorkerHealth => Health["worker"];

    public string DataFolder { get; }

    public int DbPort { get; }

    public int QueuePort { get; }

    /// <summary>Where each part answers health checks.</summary>
    public Dictionary<string, Uri> Health { get; } = [];

    public string Log => string.Join('\n', _parts.Select(part => $"--- {part.Key}\n{part.Value.Log}"));

    public HostProcess this[string part] => _parts[part];

    public IEnumerable<string> Names => _parts.Keys;

    /// <summary>The same platform without some of its parts.</summary>
    public SplitDeployment Without(params string[] parts)
    {
        foreach (var part in parts) _parts.Remove(part);
        return this;
    }

    /// <summary>Adds one more worker; it is not started yet.</summary>
    public HostProcess AddWorker(string name, params (string Name, string Value)[] settings) =>
        Add(name, "Worker", settings, ("PORT", Text(FreePorts.Take(1)[0])));

    /// <summary>The same part once more, at ports of its own, that nobody is connected to; not started yet.</summary>
    public HostProcess Another(string part) => Another(part, out _);

    /// <inheritdoc cref="Another(string)"/>
    public HostProcess Another(string part, out Uri health)
    {
        var (host, environment) = _plans[part];
        var copy = new Dictionary<string, string>(environment);
        foreach (var setting in (string[])["PORT", "HEALTH_PORT"])
            if (copy.ContainsKey(setting)) copy[setting] = Text(FreePorts.Take(1)[0]);
        health = new Uri($"http://127.0.0.1:{copy.GetValueOrDefault("HEALTH_PORT", copy["PORT"])}");
        return new HostProcess(host, DataFolder, copy);
    }

    public async Task StartAsync()
    {
        foreach (var part in _parts.Values) part.Start();
        await ReadyAsync();
    }

    /// <summary>
    /// Waits until each part that runs says that it can do its work, and then REST. The frontend alone would not do: what
    /// it says of a part that was killed and started again may be from before, until it has missed three heartbeats.
    /// </summary>
    public async Task ReadyAsync()
    {
        using var http = new HttpClient();
        foreach (var (name, part) in _parts.Where(part => part.Value.IsRunning))
        {
            await Eventually.HoldsAsync(async () => !part.IsRunning || await IsReadyAsync(http, Health[name]), StartPatience, name);
        }
        await _parts["frontend"].ListeningAsync(StartPatience);
        using var client = new FaasClient(this);
        await client.WaitUntilReadyAsync(StartPatience);
    }

    /// <summary>All at once, as a platform does that ends its pods together: the parts keep the order themselves.</summary>
    public async Task<int> StopAsync(TimeSpan patience)
    {
        var codes = await Task.WhenAll(_parts.Values.Where(part => part.IsRunning).Select(part => part.StopAsync(patience)));
        return codes.Max();
    }

    public Task KillAsync() => Task.WhenAll(_parts.Values.Select(part => part.KillAsync()));

    public IReadOnlyList<int> Processes() => [.. _parts.Values.Where(part => part.IsRunning).Select(part => part.Id)];

    public IReadOnlyList<int> SandboxProcesses() => _parts["worker"].Children();

    public ValueTask DisposeAsync()
    {
        foreach (var part in _parts.Values) part.Dispose();
        Directory.Delete(DataFolder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, Uri health)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(health, "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private HostProcess Add(
        string name, string host, (string Name, string Value)[] settings, params (string Name, string Value)[] own)
    {
        var environment = new Dictionary<string, string>
        {
            ["FAAS_CLUSTER_SECRET"] = Secret,
            ["DB_URL"] = $"tcp://127.0.0.1:{DbPort}",
            ["JQ_URL"] = $"tcp://127.0.0.1:{QueuePort}",
        };
        foreach (var (key, value) in own) environment[key] = value;
        foreach (var (key, value) in settings)
        {
            if (!key.Contains(':')) environment[key] = value;
            else if (key.StartsWith(name + ":", StringComparison.Ordinal)) environment[key[(name.Length + 1)..]] = value;
        }
        Health[name] = new Uri($"http://127.0.0.1:{environment.GetValueOrDefault("HEALTH_PORT", environment["PORT"])}");
        _plans[name] = ($"FaaS.Hosts.{host}.dll", environment);
        return _parts[name] = new HostProcess($"FaaS.Hosts.{host}.dll", DataFolder, environment);
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
