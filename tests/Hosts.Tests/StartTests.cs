using System.Net;
using System.Net.Sockets;
using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests;

/// <summary>Why Dev does not start: one sentence, and nothing else.</summary>
public sealed class StartTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("faas-test-").FullName;

    [Theory]
    [InlineData("Functions__Timeout", "abc", "Functions:Timeout is 'abc'; it must be a time such as 00:00:30.")]
    [InlineData("Functions__Timeout", "5", "Functions:Timeout cannot be used: ")]
    [InlineData("Http__ArgumentDepth", "7", "Http:ArgumentDepth cannot be used: ")]
    [InlineData("Sandbox__Slots", "many", "Sandbox:Slots is 'many'; it must be a whole number.")]
    [InlineData("Sandbox__ChildPath", "/nowhere", "Sandbox:ChildPath ")]
    [InlineData("PORT", "abc", "PORT is 'abc'; ")]
    [InlineData("FAAS_BIND", "203.0.113.1", "")]
    public async Task Setting_ThatCannotBeUsed_IsTheOnlyThingSaid(string name, string value, string sentence)
    {
        (await RefuseAsync((name, value))).Should().StartWith("Cannot start: " + sentence);
    }

    [Fact]
    public async Task Port_ThatIsInUse_IsTheOnlyThingSaid()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        (await RefuseAsync(("PORT", $"{port}"))).Should().Be(
            $"Cannot start: Port {port} is in use; stop who uses it, or set PORT to another.");

        Directory.EnumerateFileSystemEntries(_folder).Should().BeEmpty("nothing had begun");
    }

    [Fact]
    public async Task Store_ThatAnotherDevHas_IsTheOnlyThingSaid()
    {
        using var first = Dev();
        first.Start();
        await first.ListeningAsync(Patience);

        (await RefuseAsync()).Should().StartWith("Cannot start: ").And.Contain("faas.db");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private HostProcess Dev(params (string Name, string Value)[] settings)
    {
        var environment = new Dictionary<string, string> { ["PORT"] = "0", ["FAAS_DATA"] = _folder };
        foreach (var (name, value) in settings) environment[name] = value;
        return new HostProcess("FaaS.Hosts.Dev.dll", _folder, environment);
    }

    /// <summary>The one line it says before it exits.</summary>
    private async Task<string> RefuseAsync(params (string Name, string Value)[] settings)
    {
        using var host = Dev(settings);
        host.Start();
        (await host.ExitAsync(Patience)).Should().Be(1, host.Log);
        return host.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().ContainSingle().Subject.Trim();
    }
}
