using System.Security.Cryptography;
using System.Text;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>A worker in another language does the platform's work: what the protocol document says is enough.</summary>
public sealed class InteropTests
{
    private const string User = "interop";
    private const string Slow = "async ms => { await new Promise(r => setTimeout(r, ms)); return ms; }";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("FAAS_CLUSTER_SECRET")]
    [InlineData("FAAS_ROLE_KEY")]
    public async Task WorkerInJavaScript_RunsWhatIsSubmitted(string setting)
    {
        if (await InteropWorker.PrepareAsync() is { } reason) Assert.Skip(reason);
        await using var platform = new SplitDeployment();
        using var client = await StartAsync(platform);
        (await platform["worker"].StopAsync(Patience)).Should().Be(0, platform.Log);
        await using var worker = InteropWorker.Start(
            platform.QueuePort, platform.DbPort, setting, setting == "FAAS_ROLE_KEY" ? WorkerKey() : SplitDeployment.Secret);
        await Eventually.HoldsAsync(() => worker.Log.Contains("backlog {\"epoch\":", StringComparison.Ordinal), Patience);

        var small = await client.RunAsync(User, "add", "[4,7]");
        var arguments = await client.RunAsync(User, "length", $"[\"{new string('a', 100 * 1024)}\"]");
        var result = await client.RunAsync(User, "repeat", $"[{300 * 1024}]");
        var thrown = await client.RunAsync(User, "throws", "[]");
        var running = await client.SubmitAsync(User, "slow", "[600000]");
        await Eventually.HoldsAsync(async () => await StateAsync(client, running) == "running", Patience);
        (await client.DeleteAsync($"/j/{running}")).Res.GetInt32().Should().Be(1);
        await Eventually.HoldsAsync(() => worker.Log.Contains($"job {running}: stopped", StringComparison.Ordinal), Patience);

        Result(small).Should().Be("11", worker.Log);
        Result(arguments).Should().Be($"{100 * 1024}", worker.Log);
        // In base64 they are over 128 KiB: they came in fragments, for each of which credit was given.
        worker.Log.Should().Contain("characters of arguments from db");
        Result(result).Should().Be(new string('x', 300 * 1024));
        Result(thrown).Should().Be("TypeError: no");
        thrown.Json.GetProperty("outcome").GetString().Should().Be("user_error");
        await Eventually.HoldsAsync(async () => await StateAsync(client, running) == "cancelled", Patience);
        // The slow job was not finished, but what ran of it is billed, as is what the others took.
        (await client.RunAsync(User, "slow", "[300]")).Error.Should().BeFalse();
        (await client.GetAsync($"/u/{User}/time")).Res.GetInt64().Should().BeGreaterThanOrEqualTo(290).And.BeLessThan(300_000);
        (await worker.StopAsync(Patience)).Should().Be(0, worker.Log);
    }

    [Fact]
    public async Task WorkerWithAWrongKey_IsRefused_AndThePlatformGoesOn()
    {
        if (await InteropWorker.PrepareAsync() is { } reason) Assert.Skip(reason);
        await using var platform = new SplitDeployment();
        using var client = await StartAsync(platform);

        await using var stranger = InteropWorker.Start(
            platform.QueuePort, platform.DbPort, "FAAS_ROLE_KEY", Convert.ToHexString(new byte[32]));
        await Eventually.HoldsAsync(
            () => stranger.Log.Contains("queue: rejected: handshake", StringComparison.Ordinal)
                && stranger.Log.Contains("db: rejected: handshake", StringComparison.Ordinal), Patience);

        stranger.Log.Should().NotContain("connected").And.NotContain("backlog {");
        Result(await client.RunAsync(User, "add", "[4,7]")).Should().Be("11");
    }

    private static async Task<FaasClient> StartAsync(SplitDeployment platform)
    {
        await platform.StartAsync();
        var client = new FaasClient(platform);
        await client.RegisterAsync(User, "add", "(a, b) => a + b");
        foreach (var (name, source) in ((string, string)[])
            [("length", "s => s.length"), ("repeat", "n => 'x'.repeat(n)"), ("throws", "() => { throw new TypeError('no'); }"), ("slow", Slow)])
            (await client.PostAsync($"/u/{User}/fn/{name}", source)).Error.Should().BeFalse();
        return client;
    }

    private static async Task<string?> StateAsync(FaasClient client, string job) =>
        (await client.InfoAsync(job)).GetProperty("state").GetString();

    private static string? Result(Answer answer) =>
        answer.Json.TryGetProperty("result", out var result) ? result.GetString() : answer.Body;

    /// <summary>The key as an operator would make it from the document, and not by our own code.</summary>
    private static string WorkerKey() => Convert.ToHexStringLower(HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(SplitDeployment.Secret), 32, [], "faas/role/worker/1"u8.ToArray()));
}
