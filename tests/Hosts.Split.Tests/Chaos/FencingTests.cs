using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary>A platform that runs a part twice for a moment.</summary>
public sealed class FencingTests
{
    [Fact]
    public async Task SecondQueue_TakesOver_AndTheFirstOneEnds()
    {
        await using var platform = new SplitDeployment();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("fenced", "f", "n => n + 1");

        using var second = platform.Another("queue");
        second.Start();
        await Eventually.HoldsAsync(() => Task.FromResult(second.Log.Contains("epoch", StringComparison.OrdinalIgnoreCase)), TimeSpan.FromSeconds(30));
        // The first one learns of it by its next write, and steps down without acknowledging it.
        var last = await client.PostAsync("/u/fenced/fn/f/run", "[1]");
        await platform["queue"].ExitAsync(TimeSpan.FromSeconds(60));

        last.Error.Should().BeTrue(last.Body);
        await second.StopAsync(TimeSpan.FromSeconds(60));
        platform["queue"].Start();
        await platform.ReadyAsync();
        (await client.RunAsync("fenced", "f", "[1]")).Json.GetProperty("result").GetString().Should().Be("2");
    }

    [Fact]
    public async Task SecondDb_OnTheSameFile_RefusesToStart()
    {
        await using var platform = new SplitDeployment();
        await platform.StartAsync();
        using var client = new FaasClient(platform);

        using var second = platform.Another("db");
        second.Start();
        var code = await second.ExitAsync(TimeSpan.FromSeconds(60));

        code.Should().Be(1);
        second.Log.Should().Contain("Cannot start").And.Contain("faas.db");
        await client.RegisterAsync("still", "f", "n => n + 1");
        (await client.RunAsync("still", "f", "[1]")).Json.GetProperty("result").GetString().Should().Be("2");
    }
}
