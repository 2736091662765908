using System.Net;
using System.Text.Json;

namespace FaaS.Hosts.Tests;

/// <summary>Finding jobs again, as a user does it.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class JobListTests(SharedDeployment platform)
{
    private readonly FaasClient _client = platform.Client;
    private readonly string _user = platform.NewUser();

    [Fact]
    public async Task Jobs_AreFoundByFunctionAndState_WithoutResults()
    {
        await RegisterAsync();
        var good = await EndedAsync("f", "[1]");
        var bad = await EndedAsync("f", "[0]");
        var other = await EndedAsync("g", "[]");

        var all = await ListAsync("");
        Ids(all).Should().Equal(other, bad, good);
        var failed = await ListAsync("?fn=f&state=failed");
        Ids(failed).Should().Equal(bad);
        Ids(await ListAsync("?state=succeeded&fn=g")).Should().Equal(other);
        Ids(await ListAsync("?state=cancelled")).Should().BeEmpty();
        Ids(await ListAsync("?state=running")).Should().BeEmpty();
        all.GetProperty("cursor").ValueKind.Should().Be(JsonValueKind.Null);

        // An entry says what info says, but for the result and the stack.
        var entry = failed.GetProperty("jobs")[0];
        var info = await _client.InfoAsync(bad);
        entry.EnumerateObject().Select(field => field.Name).Should().Equal(
            info.EnumerateObject().Select(field => field.Name).Where(name => name != "result"));
        foreach (var field in info.EnumerateObject().Where(field => field.Name is not ("result" or "error")))
            entry.GetProperty(field.Name).GetRawText().Should().Be(field.Value.GetRawText(), field.Name);
        entry.GetProperty("error").GetProperty("message").GetString().Should().Be("zero");
        entry.GetProperty("error").GetProperty("stack").ValueKind.Should().Be(JsonValueKind.Null);
        info.GetProperty("error").GetProperty("stack").GetString().Should().NotBeEmpty();
    }

    [Fact]
    public async Task Jobs_ThatWaitAndRun_AreFoundByState()
    {
        await RegisterAsync();
        await _client.PutAsync($"/u/{_user}/fn/slow/config", """{"concurrency": 1, "timeoutMs": 30000}""");
        var running = await _client.SubmitAsync(_user, "slow", "[20000]");
        await _client.RunsAsync(running);
        var waiting = await _client.SubmitAsync(_user, "slow", "[1]");

        Ids(await ListAsync("?state=running")).Should().Equal(running);
        Ids(await ListAsync("?state=running&fn=slow")).Should().Equal(running);
        Ids(await ListAsync("?state=running&fn=f")).Should().BeEmpty();
        Ids(await ListAsync("?state=queued")).Should().Equal(waiting);
        var both = (await ListAsync("")).GetProperty("jobs");
        both[0].GetProperty("state").GetString().Should().Be("queued");
        both[0].GetProperty("position").GetInt32().Should().Be(1);
        both[1].GetProperty("state").GetString().Should().Be("running");

        await _client.DeleteAsync($"/j/{running}");
        Ids(await ListAsync("?state=cancelled")).Should().Equal(running);
        (await _client.ResultAsync(waiting)).Should().Be("1");
    }

    [Fact]
    public async Task Pages_AreStable_WhileJobsComeAndEnd()
    {
        await RegisterAsync();
        var jobs = new List<string>();
        for (var at = 0; at < 7; at++) jobs.Add(await _client.SubmitAsync(_user, "f", $"[{at}]"));
        var seen = new List<string>();
        var query = "?limit=3";
        for (var cursor = ""; cursor is not null; query = $"?limit=3&cursor={cursor}")
        {
            var page = await ListAsync(query);
            seen.AddRange(Ids(page));
            cursor = page.GetProperty("cursor").GetString();
            await EndedAsync("g", "[]");
        }

        seen.Should().Equal(Enumerable.Reverse(jobs));
    }

    [Fact]
    public async Task Jobs_AreFoundByTime()
    {
        await RegisterAsync();
        var first = await EndedAsync("f", "[1]");
        var second = await EndedAsync("f", "[2]");
        var (one, two) = (await SubmittedAsync(first), await SubmittedAsync(second));

        Ids(await ListAsync($"?from={two}")).Should().Contain(second);
        Ids(await ListAsync($"?to={one}")).Should().BeEmpty();
        Ids(await ListAsync("?from=2020-01-01T00:00:00Z&to=2020-01-02")).Should().BeEmpty();
        Ids(await ListAsync($"?from={one}&to=2099-01-01T00:00:00%2B01:00")).Should().Equal(second, first);

        async Task<string> SubmittedAsync(string job) => (await _client.InfoAsync(job)).GetProperty("submittedAt").GetString()!;
    }

    [Theory]
    [InlineData("limit=0", "limit is '0'; it must be a whole number from 1 to 200.")]
    [InlineData("limit=201", "a whole number from 1 to 200")]
    [InlineData("limit=-1", "a whole number from 1 to 200")]
    [InlineData("limit=ten", "a whole number from 1 to 200")]
    [InlineData("limit=99999999999999999999", "a whole number from 1 to 200")]
    [InlineData("state=finished", "one of delayed, queued, running, succeeded, failed, dead_lettered, cancelled, expired")]
    [InlineData("from=yesterday", "from is 'yesterday'; it must be a time")]
    [InlineData("to=0001-01-01", "a time after 1970")]
    [InlineData("from=2026-01-02&to=2026-01-01", "not before from")]
    [InlineData("cursor=1", "the whole cursor of the page before")]
    [InlineData("cursor=AAAAAAAAAAEAAAAA", "the whole cursor of the page before")]
    [InlineData("fn=a%20b", "fn must be a function's name")]
    public async Task Query_ThatIsWrong_IsToldWhatIsAllowed(string query, string message)
    {
        await _client.PostAsync($"/u/{_user}");

        var answer = await _client.GetAsync($"/u/{_user}/jobs?{query}");

        answer.Status.Should().Be(HttpStatusCode.BadRequest, answer.Body);
        answer.Code.Should().Be(query.StartsWith("fn", StringComparison.Ordinal) ? "invalid_name" : "bad_request");
        answer.Res.GetString().Should().Contain(message);
    }

    [Fact]
    public async Task Cursor_ThatIsCutOrAnothers_IsRefused()
    {
        await RegisterAsync();
        var other = platform.NewUser();
        await _client.RegisterAsync(other, "f", "() => 1");
        await _client.SubmitAsync(_user, "f", "[1]");
        await _client.SubmitAsync(_user, "f", "[2]");
        var cursor = (await ListAsync("?limit=1")).GetProperty("cursor").GetString()!;

        (await _client.GetAsync($"/u/{_user}/jobs?cursor={cursor}")).Status.Should().Be(HttpStatusCode.OK);
        foreach (var (user, broken) in new[] { (other, cursor), (_user, cursor[..^1]), (_user, cursor + "A"), (_user, cursor[..^1] + "~"), (_user, (cursor[0] == 'A' ? 'B' : 'A') + cursor[1..]) })
            (await _client.GetAsync($"/u/{user}/jobs?cursor={Uri.EscapeDataString(broken)}")).Code.Should().Be("bad_request");
    }

    [Fact]
    public async Task List_OfWhatIsNotThere_IsNotFound()
    {
        (await _client.GetAsync($"/u/{_user}/jobs")).Code.Should().Be("user_not_found");
        await _client.PostAsync($"/u/{_user}");
        (await _client.GetAsync($"/u/{_user}/jobs?fn=none")).Code.Should().Be("function_not_found");
        (await _client.GetAsync($"/u/{_user}/jobs?fn=none&state=running")).Code.Should().Be("function_not_found");
        (await _client.GetAsync("/u/-/jobs")).Code.Should().Be("invalid_name");
    }

    private async Task RegisterAsync()
    {
        await _client.RegisterAsync(_user, "f", "n => { if (n === 0) throw new Error('zero'); return n; }");
        (await _client.PostAsync($"/u/{_user}/fn/g", "() => 'g'")).Error.Should().BeFalse();
        (await _client.PostAsync($"/u/{_user}/fn/slow", "async ms => { await new Promise(r => setTimeout(r, ms)); return ms; }"))
            .Error.Should().BeFalse();
    }

    private async Task<string> EndedAsync(string function, string arguments) =>
        (await _client.RunAsync(_user, function, arguments)).Res.GetString()!;

    private async Task<JsonElement> ListAsync(string query)
    {
        var answer = await _client.GetAsync($"/u/{_user}/jobs{query}");
        answer.Error.Should().BeFalse(answer.Body);
        return answer.Res;
    }

    private static string[] Ids(JsonElement page) =>
        [.. page.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("id").GetString()!)];
}
