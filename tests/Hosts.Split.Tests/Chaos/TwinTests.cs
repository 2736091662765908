using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain.Jobs;
using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary>Two workers that say they are the same one, as after a copied configuration or a restored image.</summary>
public sealed class TwinTests
{
    private const string User = "twins";
    private const int Jobs = 40;

    [Fact]
    public async Task TwoWorkers_WithOneIdentity_EndEachJobOnce()
    {
        await using var platform = new SplitDeployment();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "f", "n => n");
        await platform["worker"].StopAsync(TimeSpan.FromSeconds(60));
        var jobs = await Task.WhenAll(Enumerable.Range(0, Jobs).Select(n => client.SubmitAsync(User, "f", $"[{n}]")));
        var identity = Guid.NewGuid();
        using var over = new CancellationTokenSource();

        var twins = await Task.WhenAll(TwinAsync(platform, identity, over), TwinAsync(platform, identity, over));

        foreach (var job in jobs) (await client.ResultAsync(job)).Should().Be("twin");
        twins.Sum().Should().Be(Jobs, "an end is accepted once, and from one of them");
        var time = (await client.GetAsync($"/u/{User}/time")).Res.GetInt64();
        await platform.StopAsync(TimeSpan.FromSeconds(60));
        LedgerCheck.Check(platform, jobs, time);
    }

    /// <summary>Leases and completes until all jobs are done; each list names only what this twin holds.</summary>
    /// <returns>How many of its ends were accepted.</returns>
    private static async Task<int> TwinAsync(SplitDeployment platform, Guid identity, CancellationTokenSource over)
    {
        await using var caller = await Caller.StartAsync(platform, Roles.Worker);
        var accepted = 0;
        while (!over.IsCancellationRequested)
        {
            var leased = await caller.SendAsync(new LeaseJobs(identity, 2, 2, 2, 500, []));
            if (!leased.IsOk) continue;
            foreach (var job in leased.Value.Jobs)
            {
                var end = new AttemptEnd(
                    Outcome.Success, ResultKind.Text, Body.Of("twin"u8.ToArray()), null, Body.Empty,
                    new ResourceUsage(TimeSpan.FromMilliseconds(1), TimeSpan.Zero, TimeSpan.Zero));
                var answer = await caller.SendAsync(new CompleteJobs(identity, [new AttemptReport(job.Job, job.Token, end)]));
                if (answer is { IsOk: true, Value.Stale.Count: 0 }) accepted++;
            }
            var backlog = await caller.SendAsync(new GetBacklog());
            if (backlog is { IsOk: true, Value: { Queued: 0, InFlight: 0 } }) await over.CancelAsync();
        }
        return accepted;
    }
}
