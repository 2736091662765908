using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Mongo;

namespace FaaS.Hosts.Tests;

/// <summary>
/// The five processes with MongoDB behind db: a real one that <c>FAAS_TEST_MONGODB</c> names, else the wire-protocol
/// server, which shows that the parts fit together and nothing about MongoDB's own promises.
/// </summary>
public sealed class MongoTests
{
    private const string User = "mongo";

    [Fact]
    public async Task Platform_OnMongoDb_WorksAndSurvivesTheDeathOfDbAndQueue()
    {
        await using var server = await StartServerAsync();
        await using var platform = new SplitDeployment(("db:DB_URL", Url(server)));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "twice", "n => n * 2");
        var jobs = new Dictionary<string, int>();
        for (var n = 0; n < 30; n++) jobs[await client.SubmitAsync(User, "twice", $"[{n}]")] = n;

        foreach (var part in (string[])["db", "queue"])
        {
            await platform[part].KillAsync();
            platform[part].Start();
            await platform.ReadyAsync();
            for (var n = 0; n < 30; n++) jobs[await client.SubmitAsync(User, "twice", $"[{n}]")] = n;
        }

        foreach (var (job, n) in jobs) (await client.ResultAsync(job)).Should().Be($"{n * 2}");
        var sum = 0m;
        foreach (var job in jobs.Keys) sum += (await client.InfoAsync(job)).GetProperty("wallMs").GetDecimal();
        (await client.GetAsync($"/u/{User}/time")).Res.GetInt64().Should().Be((long)decimal.Floor(sum), "each is billed once");
    }

    [Fact]
    public async Task SecondDb_OnTheSameDatabase_WaitsUntilTheFirstIsGone()
    {
        await using var server = await StartServerAsync();
        await using var platform = new SplitDeployment(("db:DB_URL", Url(server)));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "f", "() => 1");

        using var second = platform.Another("db", out var health);
        second.Start();
        await second.ListeningAsync(TimeSpan.FromSeconds(60));
        using var http = new HttpClient();
        var waiting = await http.GetAsync(new Uri(health, "/health/ready"));
        (await client.RunAsync(User, "f", "[]")).Error.Should().BeFalse();
        await platform["db"].KillAsync();

        ((int)waiting.StatusCode).Should().Be(503);
        await Eventually.HoldsAsync(
            async () => (await http.GetAsync(new Uri(health, "/health/ready"))).IsSuccessStatusCode, TimeSpan.FromSeconds(60));
    }

    private static async Task<MongoWireServer?> StartServerAsync()
    {
        if (Environment.GetEnvironmentVariable("FAAS_TEST_MONGODB") is { Length: > 0 }) return null;
        var (server, reason) = await MongoWireServer.TryStartAsync();
        if (server is null) Assert.Skip($"There is no MongoDB to test against: FAAS_TEST_MONGODB is not set, and {reason}.");
        return server;
    }

    private static string Url(MongoWireServer? server)
    {
        var database = $"faas-test-{Guid.NewGuid():N}";
        return server?.UrlOf(database)
            ?? $"{Environment.GetEnvironmentVariable("FAAS_TEST_MONGODB")!.TrimEnd('/')}/{database}";
    }
}
