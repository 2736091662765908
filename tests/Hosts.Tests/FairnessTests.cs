using System.Diagnostics;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>What one tenant queues is no concern of another's: shares of worker time, as users see them.</summary>
public sealed class FairnessTests(ITestOutputHelper output)
{
    private const int SlowMs = 3_000;

    [Fact]
    public async Task SlowBacklog_OfOneUser_DelaysAnothersJobByNoMoreThanOneRun()
    {
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("greedy", "slow", "ms => new Promise(r => setTimeout(r, ms))");
        await client.RegisterAsync("single", "add", "(a, b) => a + b");
        var since = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Deploy.FairBacklog), new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (_, _) => await client.SubmitAsync("greedy", "slow", $"[{SlowMs}]"));
        output.WriteLine($"{Deploy.FairBacklog} submitted in {Stopwatch.GetElapsedTime(since).TotalSeconds:F1} s");

        var waits = new List<double>();
        for (var n = 0; n < 5; n++)
        {
            since = Stopwatch.GetTimestamp();
            var answer = await client.RunAsync("single", "add", $"[{n},1]");
            waits.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
            answer.Json.GetProperty("result").GetString().Should().Be($"{n + 1}");
        }
        output.WriteLine($"waits: {string.Join(", ", waits.Select(wait => $"{wait:F0} ms"))}");

        waits.Max().Should().BeLessThan(SlowMs);
    }

    /// <summary>
    /// Jobs of three lengths, so that shares of worker time are not shares of jobs; and slots enough that the bound of
    /// one user, all slots but one, is not what divides them.
    /// </summary>
    [Fact]
    public async Task EqualBacklogs_AreServedByWeight_InWorkerTime()
    {
        (string User, int Weight, int Ms)[] tenants = [("three", 3, 5), ("two", 2, 20), ("one", 1, 40)];
        await using var platform = Deploy.New(("Sandbox__Slots", "4"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        foreach (var (user, weight, _) in tenants)
        {
            await client.RegisterAsync(user, "busy", "ms => { const end = Date.now() + ms; while (Date.now() < end); }");
            (await client.SendAsync(HttpMethod.Put, $"/u/{user}/quotas", new StringContent($$"""{"weight":{{weight}}}""")))
                .Error.Should().BeFalse();
        }
        await Parallel.ForEachAsync(
            from n in Enumerable.Range(0, 2_000) from tenant in tenants select tenant,
            new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (tenant, _) => await client.SubmitAsync(tenant.User, "busy", $"[{tenant.Ms}]"));

        var before = await TimesAsync(client, tenants);
        await Eventually.HoldsAsync(
            async () => (await TimesAsync(client, tenants)).Sum() - before.Sum() > 12_000, TimeSpan.FromMinutes(2));
        var used = (await TimesAsync(client, tenants)).Zip(before, (now, then) => now - then).ToArray();

        output.WriteLine($"worker time: {string.Join(", ", used)} ms");
        for (var at = 0; at < tenants.Length; at++)
        {
            var share = (double)used[at] / used.Sum();
            share.Should().BeApproximately(tenants[at].Weight / 6.0, tenants[at].Weight / 60.0, tenants[at].User);
        }
    }

    private static Task<long[]> TimesAsync(FaasClient client, (string User, int Weight, int Ms)[] tenants) =>
        Task.WhenAll(tenants.Select(async tenant => (await client.GetAsync($"/u/{tenant.User}/time")).Res.GetInt64()));
}
