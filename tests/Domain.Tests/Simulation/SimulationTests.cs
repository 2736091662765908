using System.Globalization;

namespace FaaS.Domain.Tests.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private const ulong FirstSeed = 1;
    private const int SeedsByDefault = 200;

    [Fact]
    public void Run_OverManySeeds_LosesNothingAndInventsNothing()
    {
        var (first, count) = Seeds();
        var totals = new RunTotals();
        var broken = new List<string>();

        for (var seed = first; seed < first + (ulong)count && broken.Count < 5; seed++)
        {
            var report = new World(seed).Run();
            totals.Add(report);
            if (report.Failures.Count > 0) broken.Add(Explain(report));
        }

        output.WriteLine(totals.ToString());
        string.Join('\n', broken).Should().BeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(42)]
    public void Run_WithTheSameSeed_IsTheSameRun(ulong seed)
    {
        var one = new World(seed).Run();
        var two = new World(seed, verbose: true).Run();

        two.Hash.Should().Be(one.Hash);
        two.Events.Should().Be(one.Events);
        new World(seed + 1).Run().Hash.Should().NotBe(one.Hash);
    }

    /// <summary>One seed in all detail: set FAAS_SIM_SEED.</summary>
    [Fact]
    public void Run_OfTheSeedAskedFor_IsTold()
    {
        if (!ulong.TryParse(Environment.GetEnvironmentVariable("FAAS_SIM_SEED"), out var seed)) return;
        var world = new World(seed, verbose: true);

        var report = world.Run();

        foreach (var line in world.Log.Lines) output.WriteLine(line);
        report.Failures.Should().BeEmpty();
    }

    /// <summary>Negative controls: a checker that finds nothing is worth nothing.</summary>
    [Theory]
    [InlineData(nameof(Plant.BillsTwice), "billed twice")]
    [InlineData(nameof(Plant.AcknowledgesEarly), "before the store crashed|not in the store|are lost")]
    [InlineData(nameof(Plant.UnguardedEnds), "billed twice|and changed|and is")]
    [InlineData(nameof(Plant.NoFence), "wrote under epoch")]
    [InlineData(nameof(Plant.LiesAboutRefusing), "are unexpected")]
    [InlineData(nameof(Plant.DropsAcknowledged), "are lost")]
    [InlineData(nameof(Plant.AcceptsStale), "accepted under the stale")]
    [InlineData(nameof(Plant.GrantsTwice), "ran twice under")]
    [InlineData(nameof(Plant.SwallowsReply), "never answered|owes")]
    public void Run_WithAPlantedBug_IsCaught(string plant, string complaint)
    {
        var planted = Enum.Parse<Plant>(plant);

        var caught = Enumerable.Range(1, 400).Any(seed => new World((ulong)seed, planted).Run().Failures
            .Any(failure => complaint.Split('|').Any(failure.Contains)));

        caught.Should().BeTrue();
    }

    private static (ulong First, int Count) Seeds()
    {
        if (ulong.TryParse(Environment.GetEnvironmentVariable("FAAS_SIM_SEED"), out var seed)) return (seed, 1);
        var from = ulong.TryParse(Environment.GetEnvironmentVariable("FAAS_SIM_FIRST"), out var first) ? first : FirstSeed;
        return int.TryParse(Environment.GetEnvironmentVariable("FAAS_SIM_SEEDS"), out var count)
            ? (from, count)
            : (from, SeedsByDefault);
    }

    private static string Explain(RunReport report) => string.Create(CultureInfo.InvariantCulture,
        $"seed {report.Seed}: {string.Join("; ", report.Failures)}\n  again: FAAS_SIM_SEED={report.Seed} dotnet test tests/Domain.Tests --filter SimulationTests");
}
