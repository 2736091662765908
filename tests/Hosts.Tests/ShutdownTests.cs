using System.Net;
using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests;

/// <summary>SIGTERM while clients wait and functions run.</summary>
public sealed class ShutdownTests
{
    private const string User = "shutdown";

    [Fact]
    public async Task Terminate_WhileClientsWait_AnswersThemWithTheCurrentState()
    {
        await using var platform = Deploy.New(("Worker__DrainTimeout", "00:00:01"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "sleep", "ms => new Promise(r => setTimeout(() => r('done'), ms))");
        var job = await client.SubmitAsync(User, "sleep", "[8000]");
        await client.RunsAsync(job);
        var polling = client.GetAsync($"/j/{job}?wait=60s");
        var asking = client.GetAsync($"/j/{job}/res?wait=60s");
        await client.ServesAsync(2);

        var exit = await platform.StopAsync(TimeSpan.FromSeconds(30));

        exit.Should().Be(0, platform.Log);
        (await polling).Res.GetInt32().Should().Be(0);
        (await asking).Body.Should().Be("""{"error":false,"res":null}""");
        await platform.StartAsync();
        (await client.ResultAsync(job)).Should().Be("done", "it was given back, and ran again");
        (await client.InfoAsync(job)).GetProperty("attempts").GetInt32().Should().Be(1, "giving it back was no attempt");
    }

    [Fact]
    public async Task Terminate_WhileAJobRuns_LetsItEndWithinTheDrainTimeout()
    {
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "sleep", "ms => new Promise(r => setTimeout(() => r(Math.random()), ms))");
        var running = client.RunAsync(User, "sleep", "[1500]");
        var job = await client.SubmitAsync(User, "sleep", "[1500]");
        await client.RunsAsync(job);

        var exit = await platform.StopAsync(TimeSpan.FromSeconds(30));
        var waited = await running;
        await platform.StartAsync();

        exit.Should().Be(0, platform.Log);
        waited.Status.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.Accepted);
        (await client.GetAsync($"/j/{job}")).Res.GetInt32().Should().Be(1, "it ended before the exit");
    }
}
