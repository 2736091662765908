using System.Globalization;
using System.Text;
using FaaS.Tests.Shared.Scaling;

namespace FaaS.Benchmarks.Scaling;

/// <summary>The figures as Markdown.</summary>
internal static class ScalingTable
{
    public static string OfLoads(IEnumerable<(JobLoad Load, List<SimulationReport> Reports)> groups)
    {
        var text = new StringBuilder();
        text.Append("| load | rule | p50 wait | p99 wait | longest | worker-seconds | to the oracle's ");
        text.Append("| turns a minute | worst minute |\n");
        text.Append("|---|---|--:|--:|--:|--:|--:|--:|--:|\n");
        foreach (var (load, reports) in groups)
        {
            var oracle = reports[0];
            foreach (var report in reports)
            {
                text.Append(report == oracle ? $"| {load.Name} | oracle: {report.Rule} " : $"|  | {report.Rule} ");
                text.Append(CultureInfo.InvariantCulture,
                    $"| {Span(report.P50Ms)} | {Span(report.P99Ms)} | {Span(report.MaxMs)} | {report.WorkerSeconds:F0} ");
                text.Append(CultureInfo.InvariantCulture, $"| {report.WorkerSeconds / oracle.WorkerSeconds:F2} ");
                text.Append(CultureInfo.InvariantCulture, $"| {report.TurnsPerMinute:F2} | {report.WorstMinute} |\n");
            }
        }
        return text.ToString();
    }

    public static string OfSizes(
        IEnumerable<(int Slots, double Rate, SimulationReport Oracle, SimulationReport Report)> sizes)
    {
        var text = new StringBuilder();
        text.Append("Steady loads of other sizes, `queue-delay` against the oracle:\n\n");
        text.Append("| slots a worker | jobs a second | slots busy | oracle | its p99 wait | p99 wait ");
        text.Append("| to the oracle's worker-seconds | turns a minute |\n");
        text.Append("|--:|--:|--:|---|--:|--:|--:|--:|\n");
        foreach (var (slots, rate, oracle, report) in sizes)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {slots} | {rate:F0} | {report.Load.OfferedSlots:F1} ");
            text.Append(CultureInfo.InvariantCulture, $"| {oracle.Rule} | {Span(oracle.P99Ms)} | {Span(report.P99Ms)} ");
            text.Append(CultureInfo.InvariantCulture,
                $"| {report.WorkerSeconds / oracle.WorkerSeconds:F2} | {report.TurnsPerMinute:F2} |\n");
        }
        return text.ToString();
    }

    private static string Span(double ms) => ms < 1_000
        ? string.Create(CultureInfo.InvariantCulture, $"{ms:F0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{ms / 1_000:F1} s");
}
