namespace FaaS.Hosts.Tests.Deployments;

/// <summary>The Dev host as a real process, on a port of its own, with data of its own.</summary>
public sealed class DevDeployment : IDeployment
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly HostProcess _host;

    /// <param name="arguments">Dev's command line.</param>
    /// <param name="settings">Its environment.</param>
    public DevDeployment(string[] arguments, params (string Name, string Value)[] settings)
    {
        DataFolder = Directory.CreateTempSubdirectory("faas-test-").FullName;
        var environment = new Dictionary<string, string> { ["PORT"] = "0", ["FAAS_DATA"] = DataFolder };
        foreach (var (name, value) in settings) environment[name] = value;
        _host = new HostProcess("FaaS.Hosts.Dev.dll", DataFolder, environment, arguments);
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1:1");

    public Uri WorkerHealth => Url;

    public string DataFolder { get; }

    public string Log => _host.Log;

    public HostProcess Host => _host;

    public async Task StartAsync()
    {
        _host.Start();
        Url = await _host.ListeningAsync(StartPatience);
        using var client = new FaasClient(this);
        await client.WaitUntilReadyAsync(StartPatience);
    }

    public Task<int> StopAsync(TimeSpan patience) => _host.StopAsync(patience);

    public Task KillAsync() => _host.KillAsync();

    public IReadOnlyList<int> Processes() => _host.IsRunning ? [_host.Id] : [];

    public IReadOnlyList<int> SandboxProcesses() => _host.Children();

    public ValueTask DisposeAsync()
    {
        _host.Dispose();
        Directory.Delete(DataFolder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
