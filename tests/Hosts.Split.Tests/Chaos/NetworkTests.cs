using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared.Net;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary>What networks do to the bytes between the parts.</summary>
public sealed class NetworkTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Network_ThatDelaysDropsCutsAndCorrupts_LosesAndRepeatsNothing()
    {
        var random = new Random(ChaosRun.Seed);
        await using var toQueue = new TcpProxy(0);
        await using var toDb = new TcpProxy(0);
        // Frontend and worker reach the queue through one proxy, the queue reaches db through another.
        var platform = new SplitDeployment(
            ("frontend:JQ_URL", $"tcp://127.0.0.1:{toQueue.Port}"), ("worker:JQ_URL", $"tcp://127.0.0.1:{toQueue.Port}"),
            ("queue:DB_URL", $"tcp://127.0.0.1:{toDb.Port}"));
        (toQueue.Target, toDb.Target) = (platform.QueuePort, platform.DbPort);
        await using var run = await ChaosRun.StartAsync(output, platform);

        for (var round = 0; round < ChaosRun.Rounds; round++)
        {
            foreach (var proxy in (TcpProxy[])[toQueue, toDb])
            {
                foreach (var way in (Way[])[Way.ToServer, Way.ToClient])
                {
                    foreach (var misfortune in Misfortunes(proxy, way))
                    {
                        await run.GoOnAsync(random.Next(1, 40));
                        misfortune();
                        await run.GoOnAsync(1);
                    }
                    proxy.Hold(way);
                    await LastAsync(run, TimeSpan.FromMilliseconds(random.Next(100, 6_000)));
                    proxy.Resume(way);
                    await run.GoOnAsync(1);
                    proxy.Drop(way);
                    await LastAsync(run, TimeSpan.FromMilliseconds(random.Next(100, 2_000)));
                    proxy.Resume(way);
                    await run.GoOnAsync(1);
                }
            }
        }

        await run.JudgeAsync(countsLosses: true);
    }

    private static IEnumerable<Action> Misfortunes(TcpProxy proxy, Way way) =>
        [proxy.Cut, () => proxy.HalfClose(way), () => proxy.Corrupt(way), () => proxy.Corrupt(way, 3)];

    /// <summary>How long a misfortune lasts, while the load goes on as far as it can.</summary>
    private static Task LastAsync(ChaosRun run, TimeSpan span) =>
        run.Platform["queue"].IsRunning ? Task.Delay(span) : Task.CompletedTask;
}
