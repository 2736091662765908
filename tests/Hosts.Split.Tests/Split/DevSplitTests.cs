using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Split;

/// <summary>How a newcomer sees the split platform: Dev starts the parts, the scaler its workers, and all end together.</summary>
public sealed class DevSplitTests
{
    private const string Worker = "FaaS.Hosts.Worker.dll";

    [Fact]
    public async Task Split_StartsFourAndAWorker_HealsTheDeadAndStopsThemAll()
    {
        await using var platform = new DevDeployment(["split"]);
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("newcomer", "add", "(a, b) => a + b");
        (await client.RunAsync("newcomer", "add", "[4,7]")).Json.GetProperty("result").GetString().Should().Be("11");
        platform.Host.Children().Should().HaveCount(4);

        HostProcess.KillProcess(platform.Host.Children("FaaS.Hosts.Queue.dll").Single());
        HostProcess.KillProcess(Workers(platform)[0]);
        foreach (var line in (string[])["queue    | ended with code 137", "worker-2 | Listening on"])
            await Eventually.HoldsAsync(() => platform.Log.Contains(line, StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        await client.WaitUntilReadyAsync(TimeSpan.FromSeconds(60));
        (await client.RunAsync("newcomer", "add", "[4,8]")).Json.GetProperty("result").GetString().Should().Be("12");
        int[] last = [.. platform.Host.Children(), .. Workers(platform)];

        (await platform.StopAsync(TimeSpan.FromSeconds(60))).Should().Be(0, platform.Log);
        last.Should().HaveCountGreaterThan(4).And.OnlyContain(process => !Directory.Exists($"/proc/{process}"));
    }

    [Fact]
    public async Task Split_WithPinnedWorkers_StartsThemItselfAndTheScalerNone()
    {
        await using var platform = new DevDeployment(["split"], ("FAAS_SPLIT_WORKERS", "1"));
        await platform.StartAsync();

        platform.Host.Children().Should().HaveCount(5);
        platform.Host.Children(Worker).Should().HaveCount(1);
        Workers(platform).Should().BeEmpty();
    }

    [Fact]
    public async Task Split_WithAPartThatCannotStart_StopsTheOthersAndSaysSo()
    {
        await using var platform = new DevDeployment(["split"], ("Scaler__WorkerMin", "10"), ("Scaler__WorkerMax", "8"));

        platform.Host.Start();

        (await platform.Host.ExitAsync(TimeSpan.FromSeconds(90))).Should().Be(1, platform.Log);
        platform.Log.Should().Contain("WorkerMin must be 0 to WorkerMax (8)").And.Contain("A part cannot run; stopping the others.")
            .And.NotContain("Unhandled exception");
    }

    [Fact]
    public async Task Split_WhenItIsKilled_LeavesNobodyBehind()
    {
        await using var platform = new DevDeployment(["split"]);
        await platform.StartAsync();
        int[] all = [.. platform.Host.Children(), .. Workers(platform)];
        all.Should().HaveCountGreaterThan(4);

        await platform.KillAsync();

        await Eventually.HoldsAsync(
            () => all.All(process => !Directory.Exists($"/proc/{process}")), TimeSpan.FromSeconds(60));
    }

    /// <summary>The workers that the scaler has started.</summary>
    private static int[] Workers(DevDeployment platform) =>
        [.. platform.Host.Children("FaaS.Hosts.Scaler.dll").SelectMany(HostProcess.ChildrenOf)];
}
