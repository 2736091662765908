using System.Globalization;
using System.Net;
using System.Text;

namespace FaaS.Hosts.Tests;

/// <summary>What was used, as REST tells it; the sum of it is the time.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class UsageTests(SharedDeployment platform)
{
    private readonly string _user = platform.NewUser();

    [Fact]
    public async Task Usage_IsToldByFunctionAndDay_AndItsSumIsTheTime()
    {
        await platform.Client.RegisterAsync(_user, "add", "(a, b) => a + b");
        await platform.Client.PostAsync($"/u/{_user}/fn/fail", "() => { throw new Error('no') }");
        for (var run = 0; run < 3; run++) await platform.Client.RunAsync(_user, "add", "[1,2]");
        await platform.Client.RunAsync(_user, "fail", "[]");
        await platform.Client.DeleteAsync($"/u/{_user}/fn/fail");

        var rows = (await platform.Client.GetAsync(Path)).Res.EnumerateArray().ToList();
        var total = (await platform.Client.GetAsync($"{Path}?by=day")).Res.EnumerateArray().ToList();

        rows.Select(row => (row.GetProperty("fn").GetString(), row.GetProperty("invocations").GetInt32()))
            .Should().BeEquivalentTo([("add", 3), ("fail", 1)]);
        rows[0].EnumerateObject().Select(member => member.Name).Should().Equal(
            "fn", "day", "invocations", "queuedMs", "coldStartMs", "cpuMs", "wallMs");
        DateOnly.ParseExact(rows[0].GetProperty("day").GetString()!, "yyyy-MM-dd", CultureInfo.InvariantCulture)
            .Should().BeOnOrAfter(DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-1));
        var wall = rows.Sum(row => row.GetProperty("wallMs").GetDecimal());
        wall.Should().BeGreaterThan(0);
        total.Sum(row => row.GetProperty("wallMs").GetDecimal()).Should().Be(wall);
        (await platform.Client.GetAsync($"/u/{_user}/time")).Res.GetInt64().Should().Be((long)wall);
        (await platform.Client.GetAsync($"{Path}?to=2020-01-01")).Res.GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Usage_AsCsv_SaysTheSame()
    {
        await platform.Client.RegisterAsync(_user, "add", "(a, b) => a + b");
        await platform.Client.RunAsync(_user, "add", "[1,2]");
        var row = (await platform.Client.GetAsync(Path)).Res[0];

        var answer = await platform.Client.SendAsync(
            HttpMethod.Get, Path, null, ("Accept", "text/csv;q=0.9, application/json;q=0.1"));

        var expected = new StringBuilder("fn,day,invocations,queuedMs,coldStartMs,cpuMs,wallMs\r\n").AppendJoin(
            ',', row.EnumerateObject().Select(member => member.Value.ToString())).Append("\r\n");
        answer.Body.Should().Be(expected.ToString());
    }

    [Theory]
    [InlineData("from=24.11.2026", "from is '24.11.2026'; it must be a day of UTC, such as 2026-11-24.")]
    [InlineData("to=1969-12-31", "to is '1969-12-31'")]
    [InlineData("from=2026-11-24&to=2026-11-23", "to is '2026-11-23'; it must be a day that is not before from.")]
    [InlineData("by=hour", "by is 'hour'; it must be fn, day, or fn,day.")]
    [InlineData("by=fn,fn", "by is 'fn,fn'")]
    public async Task Usage_OfAWrongQuery_IsToldWhatIsAllowed(string query, string message)
    {
        await platform.Client.PostAsync($"/u/{_user}");

        var answer = await platform.Client.GetAsync($"{Path}?{query}");

        (answer.Status, answer.Code).Should().Be((HttpStatusCode.BadRequest, "bad_request"));
        answer.Res.GetString().Should().Contain(message);
    }

    [Fact]
    public async Task Usage_OfNobody_IsNotFound() => (await platform.Client.GetAsync(Path)).Code.Should().Be("user_not_found");

    private string Path => $"/u/{_user}/usage";
}
