using System.Text.Json;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Split;

/// <summary>Parts that start in any order, and parts that may not start.</summary>
public sealed class SplitStartTests
{
    [Theory]
    [InlineData("frontend", "worker", "scaler", "queue", "db")]
    [InlineData("worker", "queue", "frontend", "db", "scaler")]
    public async Task Parts_InAnyOrder_WaitForEachOtherAndSayWhatIsMissing(params string[] order)
    {
        await using var platform = new SplitDeployment();
        using var http = new HttpClient();
        var first = platform[order[0]];
        first.Start();
        await first.ListeningAsync(TimeSpan.FromSeconds(60));

        var missing = await http.GetAsync(new Uri(platform.Health[order[0]], "/health/ready"));
        var alive = await http.GetAsync(new Uri(platform.Health[order[0]], "/health/live"));
        foreach (var part in order[1..]) platform[part].Start();
        await platform.ReadyAsync();

        ((int)missing.StatusCode).Should().Be(503);
        var body = JsonDocument.Parse(await missing.Content.ReadAsStringAsync()).RootElement;
        body.GetProperty("error").GetBoolean().Should().BeTrue();
        body.GetProperty("res").GetString().Should().MatchRegex("(?i)(db|queue)");
        ((int)alive.StatusCode).Should().Be(200);
        foreach (var part in platform.Names)
        {
            await Eventually.HoldsAsync(
                async () => (await http.GetAsync(new Uri(platform.Health[part], "/health/ready"))).IsSuccessStatusCode, TimeSpan.FromSeconds(60));
            (await http.GetStringAsync(new Uri(platform.Health[part], "/metrics"))).Should().Contain("# TYPE");
        }
    }

    [Theory]
    [InlineData("db", "FAAS_BIND", "*", "FAAS_CLUSTER_SECRET")]
    [InlineData("frontend", "FAAS_BIND", "*", "Auth__AllowOpen")]
    [InlineData("frontend", "Auth__Mode", "", "FAAS_ADMIN_KEY")]
    [InlineData("frontend", "Auth__Mode", "everybody", "open or keys")]
    [InlineData("queue", "DB_URL", "", "DB_URL")]
    [InlineData("worker", "JQ_URL", "http://127.0.0.1:1", "tcp://")]
    [InlineData("db", "DB_URL", "redis://127.0.0.1", "mongodb")]
    [InlineData("queue", "FAAS_CLUSTER_SECRET", "short", "32")]
    public async Task Part_WithASettingThatCannotWork_RefusesToStartNamingIt(string part, string name, string value, string named)
    {
        (string, string)[] settings = name == "FAAS_BIND" && part == "db"
            ? [($"{part}:{name}", value), ($"{part}:FAAS_CLUSTER_SECRET", "")]
            : [($"{part}:{name}", value)];
        await using var platform = new SplitDeployment(settings);

        platform[part].Start();

        (await platform[part].ExitAsync(TimeSpan.FromSeconds(60))).Should().Be(1);
        platform[part].Log.Should().Contain("Cannot start").And.Contain(named);
    }
}
