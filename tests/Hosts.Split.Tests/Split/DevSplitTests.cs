using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Split;

/// <summary>How a newcomer sees the split platform: Dev starts the five, and ends them.</summary>
public sealed class DevSplitTests
{
    [Fact]
    public async Task Split_StartsFive_HealsADeadOneAndStopsThemAll()
    {
        await using var platform = new DevDeployment(["split"]);
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("newcomer", "add", "(a, b) => a + b");
        (await client.RunAsync("newcomer", "add", "[4,7]")).Json.GetProperty("result").GetString().Should().Be("11");
        var parts = platform.Host.Children();
        parts.Should().HaveCount(5);

        HostProcess.KillProcess(parts.Single(part => Command(part).Contains("FaaS.Hosts.Queue", StringComparison.Ordinal)));
        await Eventually.HoldsAsync(() => platform.Log.Contains("queue    | ended with code 137", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        await client.WaitUntilReadyAsync(TimeSpan.FromSeconds(60));
        (await client.RunAsync("newcomer", "add", "[4,8]")).Json.GetProperty("result").GetString().Should().Be("12");
        var last = platform.Host.Children();

        (await platform.StopAsync(TimeSpan.FromSeconds(60))).Should().Be(0, platform.Log);
        last.Should().OnlyContain(part => !Directory.Exists($"/proc/{part}"));
    }

    [Fact]
    public async Task Split_WhenItIsKilled_LeavesNobodyBehind()
    {
        await using var platform = new DevDeployment(["split"]);
        await platform.StartAsync();
        var parts = platform.Host.Children();

        await platform.KillAsync();

        await Eventually.HoldsAsync(
            () => parts.All(part => !Directory.Exists($"/proc/{part}")), TimeSpan.FromSeconds(60));
    }

    private static string Command(int process) => File.ReadAllText($"/proc/{process}/cmdline");
}
