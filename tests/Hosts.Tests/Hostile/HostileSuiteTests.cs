using System.Diagnostics;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Hostile;

/// <summary>Every hostile function, twice, against a platform of its own that stays up; beside them a neighbour is served.</summary>
public sealed class HostileSuiteTests(ITestOutputHelper output)
{
    private const int Rounds = 2;

    /// <summary>A function's limit here. Long enough for what is to succeed on a busy machine.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(800);

    private static readonly TimeSpan Beyond = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan SettleDeadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Functions_ThatAttack_EndAsTheyShould_AndLeaveNothingBehind()
    {
        var clock = Stopwatch.StartNew();
        await using var platform = Deploy.New(
            ("Functions__Timeout", Limit.ToString()), ("Functions__MemoryMiB", "32"), ("Sandbox__Slots", "4"), ("Sandbox__Warm", "4"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        var functions = HostileFunction.ReadAll().GroupBy(function => function.Family)
            .SelectMany(family => family.Take(Deploy.HostilePerFamily)).ToList();
        var attacks = new Attacks(client, functions, Limit, Beyond);
        await client.RegisterAsync("ann", "f", Neighbour.Source);
        await attacks.PrepareAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, Deploy.HostileWarmUp), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (n, _) => await client.RunAsync("ann", "f", $"[{n}]"));
        var (before, processes) = (Footprint.Of(platform), platform.Processes());
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} s, before: {before}");

        using var stop = new CancellationTokenSource();
        var neighbour = new Neighbour(client, "ann");
        var served = neighbour.RunAsync(stop.Token);
        for (var round = 0; round < Rounds; round++)
        {
            await attacks.RoundAsync();
            output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} s, round {round + 1}: {Footprint.Of(platform)}");
        }
        await stop.CancelAsync();
        await served;

        var ms = neighbour.SortedMs;
        output.WriteLine($"{functions.Count} functions, {attacks.Runs} runs, {attacks.Repeated} repeated alone, the slowest {attacks.Slowest()}");
        output.WriteLine($"neighbour: {ms.Count} jobs, p50 {ms[ms.Count / 2]:0} ms, p95 {ms[ms.Count * 95 / 100]:0} ms, max {ms[^1]:0} ms");
        string.Join('\n', attacks.Failures).Should().BeEmpty("each ends as its first line says");
        // Had it to wait until attacks end, half of its jobs would take a good part of the limit; the last bound is a busy machine's.
        ms[ms.Count / 2].Should().BeLessThan(200, "it does not wait for them");
        ms[ms.Count * 95 / 100].Should().BeLessThan(Limit.TotalMilliseconds);
        ms[^1].Should().BeLessThan(5_000);
        platform.Processes().Should().Equal(processes, "nothing of the platform was replaced");
        await SettleAsync(platform, before);
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} s, after: {Footprint.Of(platform)}");
    }

    /// <summary>Children are as many as before, and memory is within a fifth; children that are bloated are replaced meanwhile.</summary>
    private static Task SettleAsync(IDeployment platform, Footprint before) => Eventually.HoldsAsync(
        () => Footprint.Of(platform) is var now && now.Children == before.Children
            && now.PlatformBytes <= before.PlatformBytes * 1.2 && now.ChildrenBytes <= before.ChildrenBytes * 1.2,
        SettleDeadline, $"children and memory are back to {before}");
}
