using System.Diagnostics;
using System.Net;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary>Parts that stand still or stay away, and come back.</summary>
public sealed class StallTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Worker_StoppedBeyondItsLease_IsRefusedItsLateCompletion()
    {
        await using var platform = new SplitDeployment(("Queue__LeaseDuration", "00:00:03"), ("Worker__RenewInterval", "00:00:01"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("stalled", "f", "async ms => { await new Promise(r => setTimeout(r, ms)); return Math.random(); }");
        var job = await client.SubmitAsync("stalled", "f", "[1500]");
        await client.RunsAsync(job);

        platform["worker"].Signal(HostProcess.SigStop);
        platform.AddWorker("worker2").Start();
        var result = await client.ResultAsync(job);
        platform["worker"].Signal(HostProcess.SigCont);
        await Eventually.HoldsAsync(
            () => Task.FromResult(platform["worker"].Log.Contains("lost", StringComparison.OrdinalIgnoreCase)
                || platform["worker"].Log.Contains("stale", StringComparison.OrdinalIgnoreCase)), TimeSpan.FromSeconds(30));

        (await client.ResultAsync(job)).Should().Be(result, "what has ended never changes");
        // The one that stands still may be granted it once more before the queue knows that it does.
        var attempts = (await client.InfoAsync(job)).GetProperty("attempts").GetInt32();
        attempts.Should().BeGreaterThan(1);
        var time = (await client.GetAsync("/u/stalled/time")).Res.GetInt64();
        await platform.StopAsync(TimeSpan.FromSeconds(60));
        LedgerCheck.Check(platform, [job], time);
        LedgerCheck.Losses(platform).Should().Be(attempts - 1);
    }

    [Fact]
    public async Task Db_GoneForHalfAMinute_RefusesSubmissionsAndLosesNoRunningWork()
    {
        await using var platform = new SplitDeployment();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("away", "f", "async ms => { await new Promise(r => setTimeout(r, ms)); return ms; }");
        var running = await client.SubmitAsync("away", "f", "[5000]");
        await client.RunsAsync(running);

        await platform["db"].KillAsync();
        var goneSince = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(goneSince) < TimeSpan.FromSeconds(30))
        {
            var refused = await client.PostAsync("/u/away/fn/f/run", "[1]");
            refused.Status.Should().Be(HttpStatusCode.ServiceUnavailable, refused.Body);
            refused.Code.Should().BeOneOf("not_durable", "unavailable", "outcome_unknown");
            // What is asked without a pause would take the cores from the tests beside it.
            await Task.Delay(50);
        }
        (await client.GetAsync("/health/ready")).Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        platform["db"].Start();
        await platform.ReadyAsync();

        (await client.ResultAsync(running)).Should().Be("5000");
        (await client.InfoAsync(running)).GetProperty("attempts").GetInt32().Should().Be(1, "it was kept, and reported again");
        (await client.RunAsync("away", "f", "[1]")).Json.GetProperty("result").GetString().Should().Be("1");
        output.WriteLine(platform["queue"].Log);
    }
}
