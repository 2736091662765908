using System.Globalization;
using System.Text.Json;
using FaaS.Hosts.Tests.Chaos;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Fleet;

/// <summary>The scaler's host with workers of its own: it follows the load, and however it ends, nothing is lost.</summary>
public sealed class ScalerFleetTests(ITestOutputHelper output)
{
    private const string Worker = "FaaS.Hosts.Worker.dll";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Jobs that are taken far faster than one worker does them: it becomes as many as there may be, the backlog drains,
    /// and it becomes one again.
    /// </summary>
    [Fact]
    public async Task Scaler_UnderABurst_GrowsToTheMostDrainsAndShrinksAndLosesNothing()
    {
        var isFull = Environment.GetEnvironmentVariable("FAAS_TEST_ROUNDS") is { Length: > 0 };
        var (burst, most) = isFull ? (5_000, 8) : (150, 3);
        await using var run = await ChaosRun.StartAsync(
            output, Platform(1, most, ("scaler:Sandbox__Slots", "1"), ("scaler:Sandbox__Warm", "1")), delay: "200", clients: 2);
        var scaler = run.Platform["scaler"];
        var sizes = new List<int>();

        await run.GoOnAsync(burst);
        await run.EndLoadAsync();
        await SizeIsAsync(most);
        await run.JudgeAsync(before: () => SizeIsAsync(1));

        output.WriteLine($"{run.Acknowledged} jobs; workers: {string.Join(' ', sizes)}");
        sizes.Max().Should().Be(most);

        async Task SizeIsAsync(int size)
        {
            try
            {
                await Eventually.HoldsAsync(
                    () =>
                    {
                        var now = scaler.Children(Worker).Count;
                        if (sizes.LastOrDefault() != now) sizes.Add(now);
                        return now == size;
                    }, isFull ? TimeSpan.FromMinutes(10) : Patience);
            }
            catch (TimeoutException error)
            {
                throw new TimeoutException($"{string.Join(' ', sizes)}, and never {size} workers:\n{scaler.Log}", error);
            }
        }
    }

    [Fact]
    public async Task Scaler_KilledUnderLoad_ItsWorkersDrainAndEndAndTheNextStartsOthers()
    {
        await using var run = await ChaosRun.StartAsync(output, Platform(2, 2), clients: 4);
        var scaler = run.Platform["scaler"];
        await Eventually.HoldsAsync(() => scaler.Children(Worker).Count == 2, Patience);
        await run.GoOnAsync(100);
        var orphans = scaler.Children(Worker);

        await scaler.KillAsync();
        await Eventually.HoldsAsync(() => orphans.All(worker => !Directory.Exists($"/proc/{worker}")), Patience);
        scaler.Start();
        await Eventually.HoldsAsync(() => scaler.Children(Worker).Count == 2, Patience);
        await run.GoOnAsync(50);

        scaler.Children(Worker).Should().NotIntersectWith(orphans);
        // They went in order, so not one job was lost with them.
        await run.JudgeAsync();
    }

    [Fact]
    public async Task Lines_ForMachines_AreObjectsThatNameTheirWorker()
    {
        await using var platform = Platform(2, 2, ("scaler:FAAS_LOG", "json"));
        await platform.StartAsync();
        var scaler = platform["scaler"];

        foreach (var worker in (string[])["worker-1", "worker-2"])
            await Eventually.HoldsAsync(() => Lines(scaler).Any(line => PartOf(line) == worker), Patience);
        (await platform.StopAsync(TimeSpan.FromSeconds(60))).Should().Be(0, platform.Log);

        Lines(scaler).Select(PartOf).Distinct().Should().BeEquivalentTo(null, "worker-1", "worker-2");
        scaler.Children(Worker).Should().BeEmpty();
    }

    [Theory]
    [InlineData("ProcessFleet__WorkerPath", "/nowhere/worker.dll", "ProcessFleet:WorkerPath")]
    [InlineData("DB_URL", "", "ProcessFleet:DbUrl")]
    public async Task Scaler_WithoutWhatItsWorkersNeed_RefusesToStart(string name, string value, string named)
    {
        await using var platform = Platform(1, 1, ($"scaler:{name}", value));

        platform["scaler"].Start();

        (await platform["scaler"].ExitAsync(TimeSpan.FromSeconds(60))).Should().Be(1);
        platform["scaler"].Log.Should().Contain("Cannot start").And.Contain(named);
    }

    private static string[] Lines(HostProcess host) => host.Log.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The worker that a line is from; null for the scaler's own.</summary>
    private static string? PartOf(string line) =>
        JsonDocument.Parse(line).RootElement.TryGetProperty("Part", out var part) ? part.GetString() : null;

    /// <summary>A platform whose scaler starts the workers, and decides within seconds.</summary>
    private static SplitDeployment Platform(int fewest, int most, params (string Name, string Value)[] settings) =>
        new SplitDeployment(
        [
            ("scaler:Fleet__Kind", "Process"),
            ("scaler:Scaler__WorkerMin", fewest.ToString(CultureInfo.InvariantCulture)),
            ("scaler:Scaler__WorkerMax", most.ToString(CultureInfo.InvariantCulture)),
            ("scaler:Scaler__Interval", "00:00:01"),
            ("scaler:Scaler__StableWindow", "00:00:10"),
            ("scaler:Scaler__PanicWindow", "00:00:02"),
            .. settings,
        ]).Without("worker");
}
