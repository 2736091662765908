using System.Globalization;
using System.Text;
using FaaS.Tests.Shared.Scaling;

namespace FaaS.Benchmarks.Scaling;

/// <summary>Workers and backlog over time, a line a rule, as an SVG picture that needs nothing else.</summary>
internal static class ScalingPlot
{
    private const int Left = 56;
    private const int Width = 860;
    private const int Right = Left + Width;
    private static readonly string[] Colours = ["#777777", "#0b62c4", "#d1495b", "#2e8b57", "#c77d0a"];

    public static string Of(JobLoad load, IReadOnlyList<SimulationReport> reports)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Right + 24} 520\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"20\" font-size=\"14\">{load.Name}: {load.About}</text>\n");
        Legend(svg, reports);
        Panel(svg, load, reports, "workers", 60, 200, point => point.Workers);
        Panel(svg, load, reports, "jobs waiting", 300, 160, point => point.Queued);
        Minutes(svg, load, 480);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Legend(StringBuilder svg, IReadOnlyList<SimulationReport> reports)
    {
        for (var at = 0; at < reports.Count; at++)
        {
            var name = at == 0 ? $"oracle ({reports[at].Rule})" : reports[at].Rule;
            svg.Append(CultureInfo.InvariantCulture,
                $"<text x=\"{Left + (at * 150)}\" y=\"42\" fill=\"{Colours[at]}\">— {name}</text>\n");
        }
    }

    private static void Panel(
        StringBuilder svg, JobLoad load, IReadOnlyList<SimulationReport> reports, string title, int top, int height,
        Func<PlotPoint, long> read)
    {
        var most = RoundUp(reports.Max(report => report.Points.Max(read)));
        for (var line = 0; line <= 4; line++)
        {
            var y = top + height - (height * line / 4);
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {y}H{Right}\" stroke=\"#dddddd\"/>\n");
            svg.Append(CultureInfo.InvariantCulture,
                $"<text x=\"{Left - 6}\" y=\"{y + 4}\" text-anchor=\"end\" fill=\"#555555\">{most * line / 4.0:0.#}</text>\n");
        }
        svg.Append(CultureInfo.InvariantCulture,
            $"<text x=\"14\" y=\"{top + (height / 2)}\" transform=\"rotate(-90 14 {top + (height / 2)})\" text-anchor=\"middle\">{title}</text>\n");
        // The policy that the page is about is drawn last, on top of the others.
        foreach (var at in Enumerable.Range(0, reports.Count).OrderBy(at => at == 1))
        {
            var points = reports[at].Points.Select(point => string.Create(CultureInfo.InvariantCulture,
                $"{Left + (point.Second * Width / load.Seconds)},{top + height - ((double)read(point) * height / most):0.#}"));
            var style = at switch { 0 => "stroke-dasharray=\"6 4\"", 1 => "stroke-width=\"2\"", _ => "" };
            svg.Append(CultureInfo.InvariantCulture,
                $"<polyline fill=\"none\" stroke=\"{Colours[at]}\" {style} points=\"{string.Join(' ', points)}\"/>\n");
        }
    }

    private static void Minutes(StringBuilder svg, JobLoad load, int y)
    {
        var step = load.Seconds > 1_800 ? 5 : 2;
        for (var minute = 0; minute * 60 <= load.Seconds; minute += step)
            svg.Append(CultureInfo.InvariantCulture,
                $"<text x=\"{Left + (minute * 60 * Width / load.Seconds)}\" y=\"{y}\" text-anchor=\"middle\" fill=\"#555555\">{minute}</text>\n");
        svg.Append(CultureInfo.InvariantCulture,
            $"<text x=\"{Left + (Width / 2)}\" y=\"{y + 22}\" text-anchor=\"middle\">minutes; the first {load.WarmUpSeconds / 60} are not measured</text>\n");
    }

    /// <summary>To 1, 2, 4 or 8 with zeros, so that the four lines have round numbers.</summary>
    private static long RoundUp(long most)
    {
        var unit = 4L;
        while (true)
        {
            foreach (var factor in new[] { 1, 2, 4, 5, 8 })
                if (most <= unit * factor) return unit * factor;
            unit *= 10;
        }
    }
}
