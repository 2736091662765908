using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary><c>kill -9</c> of parts under load.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly string[][] Victims =
    [
        ["frontend"], ["scaler"], ["worker"], ["queue"], ["db"],
        ["queue", "worker"], ["db", "queue"],
    ];

    [Fact]
    public async Task Kill_OfEachPartAndOfTwoAtOnce_LosesAndRepeatsNothing()
    {
        var random = new Random(ChaosRun.Seed);
        await using var run = await ChaosRun.StartAsync(output, new SplitDeployment());

        for (var round = 0; round < ChaosRun.Rounds; round++)
        {
            foreach (var victims in Victims)
            {
                await run.GoOnAsync(random.Next(1, 150));
                await Task.WhenAll(victims.Select(part => run.Platform[part].KillAsync()));
                foreach (var part in victims) run.Platform[part].Start();
                await run.GoOnAsync(1);
            }
        }

        await run.JudgeAsync(countsLosses: true);
    }

    /// <summary>The third of the five mistakes we expect: a socket that outlives the server it was made for.</summary>
    [Fact]
    public async Task Kill_OfTheQueueWhileWorkersAreParked_IsOverInSecondsAndRunsNothingTwice()
    {
        await using var platform = new SplitDeployment(("Sandbox__Slots", "2"));
        for (var worker = 2; worker <= 4; worker++) platform.AddWorker($"worker{worker}", ("Sandbox__Slots", "2"), ("Sandbox__Warm", "1"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("parked", "f", "async ms => { await new Promise(r => setTimeout(r, ms)); return Math.random(); }");
        var running = await client.SubmitAsync("parked", "f", "[4000]");
        await FaaS.Tests.Shared.Eventually.HoldsAsync(
            async () => (await client.InfoAsync(running)).GetProperty("state").GetString() == "running", TimeSpan.FromSeconds(20));

        await platform["queue"].KillAsync();
        platform["queue"].Start();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.RunAsync("parked", "f", "[1]")));

        foreach (var answer in answers)
        {
            answer.Json.GetProperty("outcome").GetString().Should().Be("success", answer.Body);
            var info = await client.InfoAsync(answer.Res.GetString()!);
            info.GetProperty("attempts").GetInt32().Should().Be(1);
        }
        await client.ResultAsync(running);
        (await client.InfoAsync(running)).GetProperty("attempts").GetInt32().Should().Be(1, "its worker lived on, and was adopted");
        await platform.StopAsync(TimeSpan.FromSeconds(60));
        LedgerCheck.Losses(platform).Should().Be(0);
    }

    [Fact]
    public async Task Restart_OfAllPartsInTurn_IsNotNoticedButForTheirAbsence()
    {
        await using var run = await ChaosRun.StartAsync(output, new SplitDeployment());
        run.Platform.AddWorker("worker2").Start();

        foreach (var part in (string[])["frontend", "worker", "worker2", "scaler", "queue", "db"])
        {
            await run.GoOnAsync(50);
            (await run.Platform[part].StopAsync(TimeSpan.FromSeconds(60))).Should().Be(0, run.Platform[part].Log);
            run.Platform[part].Start();
        }
        await run.GoOnAsync(50);

        await run.JudgeAsync();
    }
}
