using System.Net;
using System.Text.Json;

namespace FaaS.Hosts.Tests;

/// <summary>The contract's successes, as a user meets them.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class SessionTests(SharedDeployment shared)
{
    private const string Add = "function add(a,b){return a+b;}";

    private readonly FaasClient _client = shared.Client;
    private readonly string _user = shared.NewUser();

    [Fact]
    public async Task Session_OfTheReadme_Works()
    {
        (await _client.PostAsync($"/u/{_user}")).Body.Should().Be("""{"error":false,"res":1}""");
        (await _client.PostAsync($"/u/{_user}/fn/add", Add)).Body.Should().Be("""{"error":false,"res":1}""");
        var run = await _client.PostAsync($"/u/{_user}/fn/add/run", "[4,7]");
        var job = run.Res.GetString()!;

        job.Should().MatchRegex("^[0-9a-f]{24}$");
        run.Status.Should().Be(HttpStatusCode.OK);
        run.Location!.ToString().Should().Be($"/j/{job}");
        (await _client.GetAsync($"/j/{job}/res?wait=30s")).Body.Should().Be("""{"error":false,"res":"11"}""");
        (await _client.GetAsync($"/j/{job}")).Body.Should().Be("""{"error":false,"res":1}""");
        (await _client.GetAsync($"/j/{job}/res")).Body.Should().Be("""{"error":false,"res":"11"}""");
        (await _client.GetAsync($"/u/{_user}/time")).Res.GetInt64().Should().BeInRange(0, 2_000);
    }

    [Fact]
    public async Task Functions_AreListedReadAndDeleted()
    {
        await _client.RegisterAsync(_user, "add", Add);

        (await _client.GetAsync($"/u/{_user}/fn")).Res.GetProperty("add").GetString().Should().Be(Add);
        var function = (await _client.GetAsync($"/u/{_user}/fn/add")).Res;
        function.GetProperty("name").GetString().Should().Be("add");
        function.GetProperty("f_name").GetString().Should().Be("add");
        function.GetProperty("src").GetString().Should().Be(Add);
        (await _client.DeleteAsync($"/u/{_user}/fn/add")).Res.GetInt32().Should().Be(1);
        (await _client.DeleteAsync($"/u/{_user}/fn/add")).Res.GetInt32().Should().Be(0);
        (await _client.GetAsync($"/u/{_user}/fn/add")).Code.Should().Be("function_not_found");
    }

    [Theory]
    [InlineData("() => 'text'", "[]", "text")]
    [InlineData("() => ({a: [1, null]})", "[]", """{"a":[1,null]}""")]
    [InlineData("() => undefined", "", "undefined")]
    [InlineData("() => null", "", "null")]
    [InlineData("async (n) => { await new Promise(r => setTimeout(r, 5)); return n * 2; }", "[21]", "42")]
    [InlineData("() => { throw new TypeError('no'); }", "[]", "TypeError: no")]
    [InlineData("() => { throw 'just text'; }", "[]", "just text")]
    [InlineData("function f(...all) { return g(all); }\nfunction g(all) { return all.length; }", "[1,2,3]", "3")]
    public async Task Result_OfAFunction_IsItsValueAsText(string source, string arguments, string expected)
    {
        await _client.RegisterAsync(_user, "f", source);

        var job = await _client.SubmitAsync(_user, "f", arguments);

        (await _client.ResultAsync(job)).Should().Be(expected);
    }

    [Fact]
    public async Task Run_WithPreferWait_AnswersWithTheResult()
    {
        await _client.RegisterAsync(_user, "add", Add);

        var answer = await _client.RunAsync(_user, "add", "[4,7]");

        answer.Status.Should().Be(HttpStatusCode.OK);
        answer.Json.GetProperty("status").GetInt32().Should().Be(1);
        answer.Json.GetProperty("outcome").GetString().Should().Be("success");
        answer.Json.GetProperty("result").GetString().Should().Be("11");
    }

    [Fact]
    public async Task Run_ThatOutlastsItsPreferredWait_AnswersAccepted()
    {
        await _client.RegisterAsync(_user, "slow", "async () => { await new Promise(r => setTimeout(r, 1500)); return 1; }");

        var answer = await _client.PostAsync($"/u/{_user}/fn/slow/run", "", ("Prefer", "wait=1"));

        answer.Status.Should().Be(HttpStatusCode.Accepted);
        answer.Json.GetProperty("status").GetInt32().Should().Be(0);
        (await _client.GetAsync($"/j/{answer.Res.GetString()}/res")).Res.ValueKind.Should().Be(JsonValueKind.Null);
        (await _client.ResultAsync(answer.Res.GetString()!)).Should().Be("1");
    }

    [Fact]
    public async Task Run_WithRespondAsync_AnswersAccepted()
    {
        await _client.RegisterAsync(_user, "add", Add);

        var answer = await _client.PostAsync($"/u/{_user}/fn/add/run", "[1,2]", ("Prefer", "respond-async"));

        answer.Status.Should().Be(HttpStatusCode.Accepted);
        (await _client.ResultAsync(answer.Res.GetString()!)).Should().Be("3");
    }

    [Fact]
    public async Task Info_OfAnEndedJob_TellsTheWholeRecord()
    {
        await _client.RegisterAsync(_user, "f", "(n) => ({n})");
        var job = await _client.SubmitAsync(_user, "f", "[3]");
        await _client.ResultAsync(job);

        var info = await _client.InfoAsync(job);

        info.GetProperty("id").GetString().Should().Be(job);
        info.GetProperty("user").GetString().Should().Be(_user);
        info.GetProperty("fn").GetString().Should().Be("f");
        info.GetProperty("version").GetInt32().Should().Be(1);
        info.GetProperty("state").GetString().Should().Be("succeeded");
        info.GetProperty("outcome").GetString().Should().Be("success");
        info.GetProperty("attempts").GetInt32().Should().Be(1);
        info.GetProperty("result").GetProperty("n").GetInt32().Should().Be(3);
        info.GetProperty("endedAt").GetDateTimeOffset().Should()
            .BeOnOrAfter(info.GetProperty("startedAt").GetDateTimeOffset());
        info.GetProperty("wallMs").GetDouble().Should().BePositive();
        info.GetProperty("error").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Logs_OfAJob_HaveLevelTimeAndText()
    {
        await _client.RegisterAsync(_user, "f", "() => { console.log('one', 1); console.error('two'); }");
        var job = await _client.SubmitAsync(_user, "f", "[]");
        await _client.ResultAsync(job);

        var logs = (await _client.GetAsync($"/j/{job}/logs")).Res.EnumerateArray().ToArray();

        logs.Select(line => line.GetProperty("level").GetString()).Should().Equal("log", "error");
        logs.Select(line => line.GetProperty("text").GetString()).Should().Equal("one 1", "two");
        logs[0].GetProperty("at").GetDateTimeOffset().Year.Should().BeGreaterThan(2000);
    }

    [Fact]
    public async Task Function_RegisteredAnew_LeavesQueuedJobsTheirVersion()
    {
        await _client.RegisterAsync(_user, "f", "async () => { await new Promise(r => setTimeout(r, 300)); return 'old'; }");
        var jobs = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => _client.SubmitAsync(_user, "f", "[]")));

        (await _client.PostAsync($"/u/{_user}/fn/f", "() => 'new'")).Error.Should().BeFalse();
        var late = await _client.SubmitAsync(_user, "f", "[]");

        foreach (var job in jobs) (await _client.ResultAsync(job)).Should().Be("old");
        (await _client.ResultAsync(late)).Should().Be("new");
    }

    [Fact]
    public async Task LargeBodies_GoThroughWhole()
    {
        await _client.RegisterAsync(_user, "echo", "(text) => { console.log(text.slice(0, 60000)); return text + text; }");
        var text = new string('x', 200_000);

        var job = await _client.SubmitAsync(_user, "echo", JsonSerializer.Serialize(new[] { text }));

        (await _client.ResultAsync(job)).Should().HaveLength(400_000);
        (await _client.GetAsync($"/j/{job}/res")).Res.GetString().Should().Be(text + text);
        (await _client.GetAsync($"/j/{job}/logs")).Res[0].GetProperty("text").GetString().Should().HaveLength(60_000);
    }

    [Fact]
    public async Task Decisions_OfTheScaler_AreAListOfThoseThatWereMade()
    {
        var decisions = await _client.GetAsync("/autoscaler/decisions");
        var lines = await _client.SendAsync(HttpMethod.Get, "/autoscaler/decisions?changes=true", null, ("Accept", "text/plain"));

        decisions.Error.Should().BeFalse(decisions.Body);
        decisions.Res.ValueKind.Should().Be(JsonValueKind.Array);
        lines.Status.Should().Be(HttpStatusCode.OK);
        lines.Body.Should().MatchRegex("^(\\S+ +[0-9]+ → .*\n)*$");
    }

    [Fact]
    public async Task Time_IsTheSumOfItsJobs()
    {
        await _client.RegisterAsync(_user, "f", "async (ms) => { await new Promise(r => setTimeout(r, ms)); }");
        var jobs = await Task.WhenAll(Enumerable.Range(1, 8).Select(n => _client.SubmitAsync(_user, "f", $"[{n * 5}]")));
        var sum = 0.0;
        foreach (var job in jobs)
        {
            await _client.ResultAsync(job);
            sum += (await _client.InfoAsync(job)).GetProperty("wallMs").GetDouble();
        }

        (await _client.GetAsync($"/u/{_user}/time")).Res.GetInt64().Should().BeCloseTo((long)sum, 1);
    }
}
