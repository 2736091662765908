using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Scaler;
using FaaS.Hosts.Tests.Chaos;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Fleet;

/// <summary>Workers that the fleet starts and lets go, as processes that work for a real queue and db.</summary>
public sealed class ProcessFleetTests(ITestOutputHelper output)
{
    private static SplitDeployment Platform() => new SplitDeployment().Without("worker", "scaler");

    [Fact]
    public async Task Scale_UpAndDownUnderLoad_LetsTheNewestDrainAndLosesNothing()
    {
        var platform = Platform();
        await using var fleet = new FleetInHand(platform);

        var asked = (await fleet.Fleet.ScaleToAsync(2, default)).Workers!;
        var again = (await fleet.Fleet.ScaleToAsync(2, default)).Workers!;
        await using var run = await ChaosRun.StartAsync(output, platform, clients: 4);
        var both = await fleet.UntilAsync(there => there.Running == 2);
        await using (var caller = await Caller.StartAsync(run.Platform, Roles.Scaler))
            await Eventually.HoldsAsync(async () => (await caller.SendAsync(new GetBacklog())).Value.Workers == 2);
        await run.GoOnAsync(200);
        foreach (var worker in both.Newest) (await RunsAsync(fleet, worker)).Should().BePositive($"{worker} works too");
        var fewer = (await fleet.Fleet.ScaleToAsync(1, default)).Workers!;
        var left = await fleet.UntilAsync(there => there.Draining == 0);
        await run.GoOnAsync(50);

        asked.Should().BeEquivalentTo(new FleetWorkers(0, 2, 0, ["worker-2", "worker-1"]));
        again.Should().BeEquivalentTo(asked);
        fewer.Should().BeEquivalentTo(new FleetWorkers(1, 0, 1, ["worker-1"]));
        left.Should().BeEquivalentTo(new FleetWorkers(1, 0, 0, ["worker-1"]));
        fleet.Events.Should().ContainSingle(happened => happened.ContainsKey("Code"))
            .Which.Should().Contain("Worker", "worker-2").And.Contain("Code", 0);
        await fleet.Fleet.ScaleToAsync(2, default);
        (await fleet.UntilAsync(there => there.Running == 2)).Newest.Should().Equal("worker-3", "worker-1");
        await run.JudgeAsync(before: fleet.StopAsync);
        fleet.Events.Where(happened => happened.ContainsKey("Code")).Should().OnlyContain(happened => (int)happened["Code"]! == 0);
        foreach (var worker in (string[])["worker-1", "worker-2", "worker-3"])
            Directory.Exists($"/proc/{fleet.Process(worker)}").Should().BeFalse();
    }

    [Fact]
    public async Task Worker_KilledWhileItDrains_LosesNothing()
    {
        var platform = Platform();
        await using var fleet = new FleetInHand(platform);
        await fleet.Fleet.ScaleToAsync(2, default);
        await using var run = await ChaosRun.StartAsync(output, platform, delay: "n % 8 ? 5 : 700", clients: 4);
        await fleet.UntilAsync(there => there.Running == 2);
        await run.GoOnAsync(100);

        var drained = (await fleet.Fleet.DrainAsync(["worker-2", "worker-7"], default)).Workers!;
        HostProcess.KillProcess(fleet.Process("worker-2"));
        await fleet.UntilAsync(there => there.Draining == 0);
        (await fleet.Fleet.ScaleToAsync(1, default)).Outcome.Should().Be(FleetOutcome.Done);
        await run.GoOnAsync(50);

        drained.Should().BeEquivalentTo(new FleetWorkers(1, 0, 1, ["worker-1"]));
        await run.JudgeAsync(countsLosses: true, before: fleet.StopAsync);
    }

    [Fact]
    public async Task Worker_ThatDiesByItself_IsNoticedAndReplacedByTheNextScale()
    {
        await using var platform = Platform();
        await using var fleet = new FleetInHand(platform, ("ProcessFleet:BackoffMin", "00:00:00.100"));
        await fleet.Fleet.ScaleToAsync(2, default);
        await platform.StartAsync();
        await fleet.UntilAsync(there => there.Running == 2);

        HostProcess.KillProcess(fleet.Process("worker-1"));
        var one = await fleet.UntilAsync(there => there.Running == 1);
        await Eventually.HoldsAsync(() => fleet.Events.Any(happened => happened.ContainsKey("Why")));
        await Eventually.HoldsAsync(async () => (await fleet.Fleet.ScaleToAsync(2, default)).Outcome == FleetOutcome.Done);
        var two = await fleet.UntilAsync(there => there.Running == 2);

        one.Should().BeEquivalentTo(new FleetWorkers(1, 0, 0, ["worker-2"]));
        two.Newest.Should().Equal("worker-3", "worker-2");
        fleet.Events.Single(happened => happened.ContainsKey("Why"))["Why"]!.ToString().Should().StartWith("code 137");
        await fleet.StopAsync();
        await platform.StopAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>Whatever is asked, and however often: after a failure one at a time, each after a longer pause.</summary>
    [Fact]
    public async Task Workers_ThatCannotStart_SayWhyAndAreNoStorm()
    {
        await using var platform = Platform();
        await using var fleet = new FleetInHand(
            platform, ("ProcessFleet:WorkerRoleKey", "too short"), ("ProcessFleet:BackoffMin", "00:00:00.200"));
        FleetAnswer answer = null!;

        await Eventually.HoldsAsync(
            async () =>
            {
                answer = await fleet.Fleet.ScaleToAsync(4, default);
                return Failures(fleet) >= 3 && answer.Outcome == FleetOutcome.Refused;
            }, TimeSpan.FromMinutes(2));

        answer.Detail.Should().Contain("code 1").And.Contain("FAAS_ROLE_KEY");
        (await fleet.UntilAsync(there => there.Starting == 0)).Running.Should().Be(0);
        // Nothing starts any more. A failure is written down after what its worker had to say, which may be later than the
        // start that follows it.
        await Eventually.HoldsAsync(
            () => fleet.Events.Count(happened => happened.ContainsKey("Pid")) <= 4 + Failures(fleet));
    }

    [Fact]
    public async Task Workers_WhoseFileCannotBeRun_AreUnreachable()
    {
        await using var platform = Platform();
        var path = Path.Combine(platform.DataFolder, "worker");
        await File.WriteAllTextAsync(path, "no program");
        await using var fleet = new FleetInHand(platform, ("ProcessFleet:WorkerPath", path));

        var first = await fleet.Fleet.ScaleToAsync(2, default);
        var second = await fleet.Fleet.ScaleToAsync(2, default);

        first.Outcome.Should().Be(FleetOutcome.Unreachable);
        first.Detail.Should().Contain(path);
        second.Outcome.Should().Be(FleetOutcome.Refused, "it is not tried again at once");
        (await fleet.Fleet.CurrentAsync(default)).Workers.Should().BeEquivalentTo(new FleetWorkers(0, 0, 0, []));
    }

    /// <summary>One prints without end, much of it in lines without end; the other says something now and then.</summary>
    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task Lines_OfAWorkerThatFloods_AreWholeAndHoldUpNobodyElse()
    {
        const int Said = 20;
        await using var platform = Platform();
        var path = Path.Combine(platform.DataFolder, "worker");
        await File.WriteAllTextAsync(path, $$"""
            #!/bin/sh
            if mkdir "{{platform.DataFolder}}/flood" 2> /dev/null; then
                exec awk 'BEGIN { for (;;) {
                    for (i = 0; i < 200; i++) print "flood"
                    printf "long"; for (i = 0; i < 9000; i++) printf "xxx"; print ""
                } }'
            fi
            for said in $(seq {{Said}}); do echo "said $said"; done
            exec cat
            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var fleet = new FleetInHand(platform, ("ProcessFleet:WorkerPath", path));
        await fleet.Fleet.ScaleToAsync(1, default);
        await Eventually.HoldsAsync(() => fleet.Lines("worker-1").Count > 1_000);

        await fleet.Fleet.ScaleToAsync(2, default);
        await Eventually.HoldsAsync(() => fleet.Lines("worker-2").Count == Said);
        await fleet.StopAsync();

        fleet.Lines("worker-2").Should().Equal(Enumerable.Range(1, Said).Select(said => $"said {said}"));
        var cut = "long" + new string('x', (16 << 10) - 4) + " [...]";
        // The last ones are from when it was told to leave.
        fleet.Lines("worker-1").SkipLast(2).Should().Contain(cut).And.OnlyContain(line =>
            line == "flood" || line == cut || line.StartsWith("[...] ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scale_BeyondTheMostProcesses_StartsThoseAndSaysSo()
    {
        await using var platform = Platform();
        await using var fleet = new FleetInHand(platform, ("ProcessFleet:ProcessesMax", "2"));

        var answer = await fleet.Fleet.ScaleToAsync(3, default);

        answer.Outcome.Should().Be(FleetOutcome.Refused);
        answer.Detail.Should().Contain("ProcessFleet:ProcessesMax");
        (await fleet.Fleet.CurrentAsync(default)).Workers!.Starting.Should().Be(2, "nobody is there to make them ready");
    }

    private static int Failures(FleetInHand fleet) => fleet.Events.Count(happened => happened.ContainsKey("Failures"));

    /// <summary>How many runs a worker has ended, by its own metrics.</summary>
    private static async Task<double> RunsAsync(FleetInHand fleet, string worker)
    {
        using var http = new HttpClient();
        var port = fleet.Events.Single(happened => happened.ContainsKey("Pid") && (string?)happened["Worker"] == worker)["Port"];
        var metrics = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
        return metrics.Split('\n').Where(line => line.StartsWith("faas_worker_runs_total{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split("} ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
    }
}
