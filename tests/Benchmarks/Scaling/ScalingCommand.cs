using System.Globalization;
using FaaS.Tests.Shared.Scaling;

namespace FaaS.Benchmarks.Scaling;

/// <summary>
/// Runs every load under every rule in virtual time, and writes the table and the plots. The same seed gives the same
/// figures on every machine: nothing here is measured by a clock.
/// </summary>
internal static class ScalingCommand
{
    private const string Begin = "<!-- figures: written by the command above -->";
    private const string End = "<!-- end of figures -->";

    private static readonly ScalingRuleUnderTest[] Rules =
        [ScalingRuleUnderTest.QueueDelay, ScalingRuleUnderTest.Doubling, ScalingRuleUnderTest.Hpa, ScalingRuleUnderTest.Kpa];

    public static async Task<int> RunAsync(Options options)
    {
        options.Only("out", "seed", "explain");
        var seed = options.Number("seed", 1);
        if (options.Text("explain") is { } name) return await ExplainAsync(name, seed);
        var groups = Loads.All(seed).Select(load => (Load: load, Reports: Compare(load))).ToList();
        var text = ScalingTable.OfLoads(groups) + "\n" + ScalingTable.OfSizes(Sizes(seed));
        await Console.Out.WriteLineAsync(text);
        if (options.Text("out") is { } folder) await WriteAsync(folder, text, groups);
        return groups.TrueForAll(group => group.Reports.All(report => report.Unfinished == 0)) ? 0 : 1;
    }

    /// <summary>What the default policy changed on one load, and why.</summary>
    private static async Task<int> ExplainAsync(string name, int seed)
    {
        var load = Loads.All(seed).FirstOrDefault(load => load.Name == name)
            ?? throw new ArgumentException($"No load '{name}'; there are {string.Join(", ", Loads.All(seed).Select(load => load.Name))}.");
        var decisions = ScalingSimulation.Run(load, ScalingRuleUnderTest.QueueDelay).Decisions;
        foreach (var decision in decisions.Where(decision => decision.IsChange))
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{decision.At:mm:ss} {decision.Present} -> {decision.Target} {decision.Word}: {decision.Reason}"));
        return 0;
    }

    private static List<SimulationReport> Compare(JobLoad load) =>
        [ScalingRuleUnderTest.Oracle(load), .. Rules.Select(rule => ScalingSimulation.Run(load, rule))];

    /// <summary>Steady loads of other sizes, under the default policy only.</summary>
    private static List<(int Slots, double Rate, SimulationReport Oracle, SimulationReport Report)> Sizes(int seed)
    {
        var sizes = new List<(int, double, SimulationReport, SimulationReport)>();
        foreach (var slots in new[] { 1, 2, 4 })
        {
            var settings = new SimulationSettings { SlotsPerWorker = slots };
            foreach (var rate in new[] { 2.0, 10, 40, 120 })
            {
                var load = Loads.Steady(seed, rate);
                sizes.Add((slots, rate, ScalingRuleUnderTest.Oracle(load, settings: settings),
                    ScalingSimulation.Run(load, ScalingRuleUnderTest.QueueDelay, settings)));
            }
        }
        return sizes;
    }

    private static async Task WriteAsync(string folder, string text, List<(JobLoad Load, List<SimulationReport> Reports)> groups)
    {
        Directory.CreateDirectory(folder);
        foreach (var (load, reports) in groups)
            await File.WriteAllTextAsync(Path.Combine(folder, load.Name + ".svg"), ScalingPlot.Of(load, reports));
        var page = folder.TrimEnd('/') + ".md";
        var old = File.Exists(page) ? await File.ReadAllTextAsync(page) : $"{Begin}\n{End}\n";
        var (from, to) = (old.IndexOf(Begin, StringComparison.Ordinal), old.IndexOf(End, StringComparison.Ordinal));
        if (from < 0 || to < from) throw new InvalidDataException($"{page} has no place for the figures: '{Begin}' to '{End}'.");
        await File.WriteAllTextAsync(page, string.Create(
            CultureInfo.InvariantCulture, $"{old[..(from + Begin.Length)]}\n\n{text}\n{old[to..]}"));
    }
}
