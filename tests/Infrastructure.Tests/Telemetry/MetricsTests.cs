using System.Text.RegularExpressions;
using FaaS.Tests.Shared;

namespace FaaS.Infrastructure.Tests.Telemetry;

/// <summary>What <c>/metrics</c> exposes is what <c>docs/operations.md</c> says.</summary>
[Collection("telemetry")]
public sealed partial class MetricsTests
{
    /// <summary>Metrics of technologies that are not in this process; their own tests hold them against the page.</summary>
    private static readonly string[] Elsewhere = ["faas_netmq_", "faas_mongo_", "faas_scaler_"];

    [Fact]
    public async Task Metrics_AreThoseOfTheDocument()
    {
        await using var platform = await WholePlatform.StartAsync();
        await platform.RegisterAsync("ann", "add", "function add(a, b) { return a + b; }");
        (await platform.Rest.RunAsync("ann", "add", "[4,7]")).Text.Should().Be("11");

        var text = (await platform.Rest.GetAsync("/metrics")).Text;

        Exposed(text).Should().BeEquivalentTo(Documented());
        text.Should().Contain("http_server_request_duration_seconds").And.Contain("dotnet_");
        text.Split('\n').Where(line => line.StartsWith("faas_", StringComparison.Ordinal))
            .Should().OnlyContain(line => line.Contains("part=\"test\"", StringComparison.Ordinal));
        Value(text, "faas_queue_unaccounted").Should().Be("0");
        Value(text, "faas_queue_completed_total", "outcome=\"success\"").Should().Be("1");
        Value(text, "faas_sandbox_runs_total", "start=\"cold\"").Should().Be("1");
        Value(text, "faas_worker_runs_total", "outcome=\"success\"").Should().Be("1");
        text.Should().Contain("faas_sqlite_commit_duration_seconds_bucket{part=\"test\",le=\"0.00025\"}");
    }

    [Fact]
    public async Task Kills_AreCountedByReason()
    {
        await using var platform = await WholePlatform.StartAsync();
        await platform.RegisterAsync("ann", "spin", "function spin() { for (;;); }");
        var id = await platform.Rest.SubmitAsync("ann", "spin");
        await ReadsAsync(platform, "faas_worker_running", "", "1");

        await platform.Rest.DeleteAsync($"/j/{id}");

        await ReadsAsync(platform, "faas_sandbox_kills_total", "reason=\"cancelled\"", "1");
        await ReadsAsync(platform, "faas_queue_completed_total", "outcome=\"cancelled\"", "1");
        await ReadsAsync(platform, "faas_worker_running", "", "0");
    }

    [Fact]
    public void Document_WhenItIsRead_HasMetrics() => Documented().Should().HaveCountGreaterThan(20);

    private static Task ReadsAsync(WholePlatform platform, string name, string label, string value) =>
        Eventually.HoldsAsync(
            async () => Value((await platform.Rest.GetAsync("/metrics")).Text, name, label) == value, what: name);

    private static string? Value(string text, string name, string label = "") => text.Split('\n')
        .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf('}') + 1)..].Trim().Split(' ')[0]).SingleOrDefault();

    private static IEnumerable<string> Exposed(string text) =>
        TypeLine().Matches(text).Select(match => match.Groups[1].Value);

    private static IEnumerable<string> Documented() => Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/operations.md")))
        .Select(match => match.Groups[1].Value)
        .Where(name => !Array.Exists(Elsewhere, prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

    [GeneratedRegex(@"^# TYPE (faas_\w+) ", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^\| `(faas_\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
