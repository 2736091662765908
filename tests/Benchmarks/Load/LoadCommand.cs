using System.Text.Json;

namespace FaaS.Benchmarks.Load;

/// <summary>The verb <c>load</c>.</summary>
internal static class LoadCommand
{
    public const string Add = "function add(a, b) { return a + b }";
    private static readonly string[] Known = ["memory", "latency", "throughput", "open", "coldstart", "tenants", "backlog"];
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    public static async Task<int> RunAsync(Options options)
    {
        options.Only(
            "scenario", "url", "start", "connections", "seconds", "count", "rate", "jobs", "backlog", "functions", "tenants", "json");
        var scenario = options.Text("scenario") ?? "all";
        var chosen = scenario == "all" ? Known : [scenario];
        if (!Known.Contains(chosen[0]))
            throw new ArgumentException($"No scenario '{scenario}'; there are all, {string.Join(", ", Known)}.");
        if (options.Text("start") is not null && options.Text("url") is not null)
            throw new ArgumentException("--start and --url exclude each other.");
        var found = new Dictionary<string, JsonElement>();
        await using (var platform = await Platform.OpenAsync(options.Text("url"), PlatformKind.Parse(options.Text("start"))).ConfigureAwait(false))
        {
            var driver = new Driver(platform);
            await driver.RegisterAsync("bench", "add", Add).ConfigureAwait(false);
            foreach (var name in chosen)
                Keep(name, await MeasureAsync(name, platform, driver, options).ConfigureAwait(false));
            Keep("platform", Scenarios.Footprint(platform));
        }
        if (options.Text("json") is { } file)
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(found, Indented)).ConfigureAwait(false);
        return found.Values.Any(HasErrors) ? 1 : 0;

        void Keep(string name, object figures)
        {
            found[name] = JsonSerializer.SerializeToElement(figures, figures.GetType(), Indented);
            Table.Write(name, found[name]);
        }
    }

    private static async Task<object> MeasureAsync(string scenario, Platform platform, Driver driver, Options options)
    {
        var connections = options.Number("connections", 32);
        var seconds = options.Number("seconds", 10);
        var count = options.Number("count", 0);
        return scenario switch
        {
            "latency" => await driver.LatencyAsync("bench", measured: count > 0 ? count : 2000).ConfigureAwait(false),
            "throughput" => await driver.ThroughputAsync("bench", connections, seconds, count).ConfigureAwait(false),
            "open" => await driver.OpenAsync("bench", connections, seconds, options.Number("rate", 1000)).ConfigureAwait(false),
            "memory" => await Scenarios.MemoryAsync(platform).ConfigureAwait(false),
            "tenants" => await Scenarios.TenantsAsync(driver, options.Number("tenants", 4), connections, seconds).ConfigureAwait(false),
            "coldstart" => await Scenarios.ColdStartAsync(driver, options.Number("functions", 200)).ConfigureAwait(false),
            _ => await new BacklogScenario(platform, driver, connections, seconds)
                .RunAsync(options.Number("jobs", 1_000_000), options.Text("backlog") ?? "queued").ConfigureAwait(false),
        };
    }

    private static bool HasErrors(JsonElement figures) => figures.EnumerateObject().Any(member =>
        member.Value.ValueKind == JsonValueKind.Object ? HasErrors(member.Value)
        : member.Name == "errors" && member.Value.GetInt64() > 0);
}
