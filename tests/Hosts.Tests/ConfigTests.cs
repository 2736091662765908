using System.Globalization;
using System.Net;
using System.Text.Json;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>What is configured for a function holds for its jobs, from REST to the sandbox.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class ConfigTests(SharedDeployment platform)
{
    private readonly string _user = platform.NewUser();

    [Fact]
    public async Task Config_IsWhatWasPut_WithDefaults_AndSecretsByNameAlone()
    {
        await RegisterAsync("() => 1");
        (await GetAsync()).GetRawText().Should().Be(
            """{"revision":0,"runtime":"javascript","timeoutMs":2000,"memoryMb":128,"concurrency":0,"retry":null,"env":{},"secrets":[]}""");

        var put = await PutAsync("""
            {"runtime": "javascript", "timeoutMs": 1500, "memoryMb": 64, "concurrency": 3, "retry": {"attempts": 2},
             "env": {"MODE": "fast"}, "secrets": {"TOKEN": "hunter22", "GONE": null}}
            """);

        const string stands = """
            "runtime":"javascript","timeoutMs":1500,"memoryMb":64,"concurrency":3,"retry":{"attempts":2,"backoffMs":1000,"maxBackoffMs":60000},"env":{"MODE":"fast"},"secrets":["TOKEN"]
            """;
        put.GetRawText().Should().Be("{\"revision\":1," + stands + ",\"inForce\":true}");
        (await GetAsync()).GetRawText().Should().Be("{\"revision\":1," + stands + "}");
        (await PutAsync("{}")).GetRawText().Should().Be(
            """{"revision":2,"runtime":"javascript","timeoutMs":2000,"memoryMb":128,"concurrency":0,"retry":null,"env":{},"secrets":["TOKEN"],"inForce":true}""");
        (await PutAsync("""{"secrets": {"TOKEN": null}}""")).GetProperty("secrets").GetArrayLength().Should().Be(0);
    }

    [Theory]
    [InlineData("", "The body must be a JSON object")]
    [InlineData("[]", "The body must be a JSON object")]
    [InlineData("""{"timeout": 5}""", "There is no field 'timeout'; the fields are runtime, timeoutMs, memoryMb")]
    [InlineData("""{"retry": {"times": 5}}""", "There is no field 'retry.times'; the fields are retry.attempts")]
    [InlineData("""{"timeoutMs": 5, "timeoutMs": 50}""", "timeoutMs is there twice")]
    [InlineData("""{"timeoutMs": "50"}""", "timeoutMs must be a whole number")]
    [InlineData("""{"timeoutMs": 50.5}""", "timeoutMs must be a whole number")]
    [InlineData("""{"timeoutMs": 99999999999}""", "timeoutMs must be a whole number from 10 to 900000.")]
    [InlineData("""{"memoryMb": 4096}""", "memoryMb must be a whole number from 16 to 512.")]
    [InlineData("""{"retry": 3}""", "retry must be an object")]
    [InlineData("""{"env": {"a-b": "1"}}""", "A name in env must match")]
    [InlineData("""{"env": {"A": 1}}""", "env.A must be a string")]
    [InlineData("""{"secrets": ["A"]}""", "secrets must be an object")]
    [InlineData("""{"secrets": {"A": true}}""", "secrets.A must be a string, or null")]
    [InlineData("""{"secrets": {"A": "hunter22", "A": "1"}}""", "secrets.A is there twice")]
    [InlineData("""{"env": {"A": "1"}, "secrets": {"A": "hunter22"}}""", "A is both in env and a secret")]
    [InlineData("""{"runtime": "python"}""", "runtime must be \\\"javascript\\\".")]
    public async Task Config_ThatIsWrong_IsToldWhatIsAllowed(string body, string message)
    {
        await RegisterAsync("() => 1");

        var answer = await platform.Client.PutAsync(Path, body);

        (answer.Status, answer.Code).Should().Be((HttpStatusCode.BadRequest, "bad_request"));
        answer.Body.Should().Contain(message).And.NotContain("hunter22");
        (await GetAsync()).GetProperty("revision").GetInt32().Should().Be(0);
    }

    [Fact]
    public async Task Config_OfWhatIsNotThere_IsNotFound()
    {
        (await platform.Client.PutAsync(Path, "{}")).Code.Should().Be("user_not_found");
        await platform.Client.PostAsync($"/u/{_user}");
        (await platform.Client.PutAsync(Path, "{}")).Code.Should().Be("function_not_found");
        (await platform.Client.GetAsync(Path)).Code.Should().Be("function_not_found");
        (await platform.Client.PutAsync($"/u/{_user}/fn/.f/config", "{}")).Code.Should().Be("invalid_name");
    }

    [Fact]
    public async Task Environment_ReachesTheFunction_AndSecretsDoNotReachItsLog()
    {
        await RegisterAsync("""
            n => { console.log('token', env.TOKEN); console.log({ in: env }); if (n > 1) throw new Error('bad ' + env.TOKEN);
                   return env.MODE + env.TOKEN.length + Object.isFrozen(env); }
            """);
        await PutAsync("""{"env": {"MODE": "fast"}, "secrets": {"TOKEN": "hunter22 it's \"quoted\""}}""");

        (await RunAsync("[1]")).GetProperty("result").GetString().Should().Be("fast22true");
        var failed = await RunAsync("[2]");
        var info = await platform.Client.InfoAsync(failed.GetProperty("res").GetString()!);

        failed.GetProperty("result").GetString().Should().Be("Error: bad [redacted]");
        info.GetProperty("error").GetProperty("stack").GetString().Should().StartWith("Error: bad [redacted]").And.NotContain("hunter22");
        var log = (await platform.Client.GetAsync($"/j/{info.GetProperty("id").GetString()}/logs")).Res;
        log.EnumerateArray().Select(line => line.GetProperty("text").GetString()).Should()
            .Equal("token [redacted]", "{ in: { MODE: 'fast', TOKEN: '[redacted]' } }");
        platform.Deployment.Log.Should().NotContain("hunter22");
    }

    [Fact]
    public async Task Environment_OfADeletedFunction_IsGoneWithIt()
    {
        await RegisterAsync("() => JSON.stringify(env)");
        await PutAsync("""{"env": {"A": "1"}, "secrets": {"S": "hunter22"}}""");
        (await RunAsync()).GetProperty("result").GetString().Should().Contain("hunter22");

        await platform.Client.DeleteAsync($"/u/{_user}/fn/f");
        (await platform.Client.PostAsync($"/u/{_user}/fn/f", "() => JSON.stringify(env)")).Error.Should().BeFalse();

        (await RunAsync()).GetProperty("result").GetString().Should().Be("{}");
        (await GetAsync()).GetProperty("secrets").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Timeout_OfTheConfig_StopsALoop()
    {
        await RegisterAsync("() => { for (;;); }");
        await PutAsync("""{"timeoutMs": 200}""");

        var ended = await RunAsync();

        ended.GetProperty("outcome").GetString().Should().Be("timeout");
        ended.GetProperty("result").GetString().Should().Contain("200 ms");
        var info = await platform.Client.InfoAsync(ended.GetProperty("res").GetString()!);
        info.GetProperty("wallMs").GetDouble().Should().BeInRange(190, 1_500, "the platform's own limit is 2 s");
    }

    [Fact]
    public async Task Memory_OfTheConfig_IsTheFunctionsOwn()
    {
        await RegisterAsync("mb => { const kept = []; for (let i = 0; i < mb; i++) kept.push(new Uint8Array(1 << 20).fill(1)); return kept.length; }");
        await PutAsync("""{"memoryMb": 32}""");
        (await RunAsync("[100]")).GetProperty("outcome").GetString().Should().Be("memory_exceeded");

        await PutAsync("""{"memoryMb": 256}""");

        (await RunAsync("[100]")).GetProperty("result").GetString().Should().Be("100");
    }

    [Fact]
    public async Task Attempts_OfTheConfig_AreMadeWithTheirBackoff()
    {
        await RegisterAsync("() => { throw new Error('again') }");
        (await RunAsync()).GetProperty("outcome").GetString().Should().Be("user_error");
        await PutAsync("""{"retry": {"attempts": 3, "backoffMs": 100, "maxBackoffMs": 150}}""");

        var job = (await RunAsync()).GetProperty("res").GetString()!;
        var info = await platform.Client.InfoAsync(job);

        info.GetProperty("attempts").GetInt32().Should().Be(3);
        info.GetProperty("outcome").GetString().Should().Be("user_error");
        // Half of 100 and half of 150 ms is the least that two retries wait.
        (At(info, "endedAt") - At(info, "submittedAt")).TotalMilliseconds.Should().BeGreaterThan(120);
    }

    [Fact]
    public async Task Concurrency_OfTheConfig_IsNeverPassed_AndHoldsAtOnceForWhatWaits()
    {
        await RegisterAsync("async () => { const start = Date.now(); await new Promise(r => setTimeout(r, 40)); return [start, Date.now()]; }");
        await PutAsync("""{"concurrency": 1}""");
        var jobs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => platform.Client.SubmitAsync(_user, "f", "[]")));

        var spans = await Task.WhenAll(jobs.Select(async job =>
            JsonDocument.Parse(await platform.Client.ResultAsync(job)).RootElement.EnumerateArray().Select(at => at.GetInt64()).ToArray()));

        var inOrder = spans.OrderBy(span => span[0]).ToList();
        for (var at = 1; at < inOrder.Count; at++)
            inOrder[at][0].Should().BeGreaterThanOrEqualTo(inOrder[at - 1][1], "no two run at a time");
    }

    private string Path => $"/u/{_user}/fn/f/config";

    private Task RegisterAsync(string source) => platform.Client.RegisterAsync(_user, "f", source);

    private async Task<JsonElement> GetAsync() => (await platform.Client.GetAsync(Path)).Res;

    private async Task<JsonElement> PutAsync(string body)
    {
        var answer = await platform.Client.PutAsync(Path, body);
        answer.Error.Should().BeFalse(answer.Body);
        return answer.Res;
    }

    private async Task<JsonElement> RunAsync(string arguments = "[]") =>
        (await platform.Client.RunAsync(_user, "f", arguments)).Json;

    private static DateTimeOffset At(JsonElement info, string member) =>
        DateTimeOffset.Parse(info.GetProperty(member).GetString()!, CultureInfo.InvariantCulture);
}
