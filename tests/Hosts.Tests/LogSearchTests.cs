using System.Net;
using System.Text.Json;

namespace FaaS.Hosts.Tests;

/// <summary>Looking for log lines over all jobs of a user.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class LogSearchTests(SharedDeployment platform)
{
    private readonly FaasClient _client = platform.Client;
    private readonly string _user = platform.NewUser();

    [Fact]
    public async Task Lines_AreFoundByFunctionJobLevelAndText()
    {
        await RegisterAsync();
        var one = await EndedAsync("f", "[1]");
        await EndedAsync("silent", "[]");
        var two = await EndedAsync("g", "[2]");

        var all = await SearchAsync("");
        Texts(all).Should().Equal("g starts 2", "g Ends badly", "f starts 1", "f Ends badly");
        all[0].GetProperty("job").GetString().Should().Be(two);
        all[0].GetProperty("fn").GetString().Should().Be("g");
        all[0].GetProperty("version").GetInt32().Should().Be(1);
        all[0].GetProperty("at").GetDateTimeOffset().Year.Should().BeGreaterThan(2000);
        Texts(await SearchAsync("?fn=f")).Should().Equal("f starts 1", "f Ends badly");
        Texts(await SearchAsync("?level=error")).Should().Equal("g Ends badly", "f Ends badly");
        Texts(await SearchAsync($"?job={one}&level=info")).Should().Equal("f starts 1");
        Texts(await SearchAsync("?q=ENDS&fn=g")).Should().Equal("g Ends badly");
        Texts(await SearchAsync("?q=nothing%20of%20the%20kind")).Should().BeEmpty();
        Texts(await SearchAsync("?q=%22")).Should().BeEmpty("what is looked for is text and not JSON");
    }

    [Fact]
    public async Task Lines_AreFoundByTime()
    {
        await RegisterAsync();
        var job = await EndedAsync("f", "[1]");
        var lines = await SearchAsync($"?job={job}");
        var at = lines[0].GetProperty("at").GetString();

        Texts(await SearchAsync($"?from={at}")).Should().HaveCount(2);
        Texts(await SearchAsync($"?to={at}")).Should().BeEmpty();
        Texts(await SearchAsync("?from=2020-01-01&to=2020-01-02")).Should().BeEmpty();
    }

    [Fact]
    public async Task Pages_EndWithinJobsAndGoOnThere()
    {
        await RegisterAsync();
        for (var at = 0; at < 3; at++) await EndedAsync("many", "[4]");
        var texts = new List<string>();
        var query = "?limit=3";
        for (var cursor = ""; cursor is not null; query = $"?limit=3&cursor={cursor}")
        {
            var page = (await _client.GetAsync($"/u/{_user}/logs{query}")).Res;
            page.GetProperty("logs").GetArrayLength().Should().BeLessThanOrEqualTo(3);
            texts.AddRange(Texts(page.GetProperty("logs")));
            cursor = page.GetProperty("cursor").GetString();
        }

        texts.Should().Equal(Enumerable.Repeat(new[] { "line 0", "line 1", "line 2", "line 3" }, 3).SelectMany(lines => lines));
    }

    [Theory]
    [InlineData("level=loud", "one of debug, log, info, warn, error")]
    [InlineData("limit=1001", "from 1 to 1000")]
    [InlineData("job=x", "job must be a job's id")]
    [InlineData("fn=-", "fn must be a function's name")]
    [InlineData("from=x", "a time after 1970")]
    [InlineData("cursor=x", "the whole cursor")]
    [InlineData("q=LONG", "200 characters at most")]
    public async Task Search_ThatIsWrong_IsToldWhatIsAllowed(string query, string says)
    {
        await _client.PostAsync($"/u/{_user}");

        var answer = await _client.GetAsync($"/u/{_user}/logs?{query.Replace("LONG", new string('x', 201), StringComparison.Ordinal)}");

        answer.Status.Should().Be(HttpStatusCode.BadRequest, answer.Body);
        answer.Res.GetString().Should().Contain(says);
    }

    [Fact]
    public async Task Search_OfWhatIsNotThere_IsNotFound()
    {
        (await _client.GetAsync($"/u/{_user}/logs")).Code.Should().Be("user_not_found");
        await _client.PostAsync($"/u/{_user}");
        (await _client.GetAsync($"/u/{_user}/logs?fn=none")).Code.Should().Be("function_not_found");
        (await SearchAsync($"?job={new string('0', 24)}")).GetArrayLength().Should().Be(0);
    }

    private async Task RegisterAsync()
    {
        await _client.RegisterAsync(_user, "f", "n => { console.info('f starts', n); console.error('f Ends badly'); }");
        foreach (var (name, source) in new[]
                 {
                     ("g", "n => { console.info('g starts', n); console.error('g Ends badly'); }"), ("silent", "() => 1"),
                     ("many", "n => { for (let at = 0; at < n; at++) console.log('line ' + at); }"),
                 })
            (await _client.PostAsync($"/u/{_user}/fn/{name}", source)).Error.Should().BeFalse();
    }

    private async Task<string> EndedAsync(string function, string arguments) =>
        (await _client.RunAsync(_user, function, arguments)).Res.GetString()!;

    private async Task<JsonElement> SearchAsync(string query)
    {
        var answer = await _client.GetAsync($"/u/{_user}/logs{query}");
        answer.Error.Should().BeFalse(answer.Body);
        answer.Res.GetProperty("cursor").ValueKind.Should().Be(JsonValueKind.Null);
        return answer.Res.GetProperty("logs");
    }

    private static string[] Texts(JsonElement lines) => [.. lines.EnumerateArray().Select(line => line.GetProperty("text").GetString()!)];
}
