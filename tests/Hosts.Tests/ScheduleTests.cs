using System.Net;
using System.Text.Json;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>Functions that run by the clock, as REST sets and tells them.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class ScheduleTests(SharedDeployment platform)
{
    private readonly string _user = platform.NewUser();

    private string Path => $"/u/{_user}/fn/f/schedule";

    [Fact]
    public async Task Schedule_IsWhatWasPut_UntilItIsDeleted()
    {
        await platform.Client.RegisterAsync(_user, "f", "() => 1");
        (await platform.Client.GetAsync(Path)).Res.ValueKind.Should().Be(JsonValueKind.Null);

        var put = await platform.Client.PutAsync(
            Path, """{"cron": "0 4 29 2 *", "timeZone": "Europe/Madrid", "arguments": [1, {"a": "☃"}], "missed": "all"}""");

        var next = put.Res.GetProperty("nextAt").GetString();
        next.Should().EndWith("-02-29T03:00:00.000Z", "Madrid is an hour ahead in winter");
        put.Res.GetRawText().Should().Be(
            """{"fn":"f","revision":1,"cron":"0 4 29 2 *","timeZone":"Europe/Madrid","missed":"all","arguments":[1, {"a": "☃"}],"nextAt":"NEXT","last":null}"""
                .Replace("NEXT", next));
        (await platform.Client.GetAsync(Path)).Res.GetRawText().Should().Be(put.Res.GetRawText());
        (await platform.Client.GetAsync($"/u/{_user}/schedules?limit=1")).Res.GetRawText().Should().Be(
            $$"""{"schedules":[{{put.Res.GetRawText()}}],"cursor":null}""");
        (await platform.Client.PutAsync(Path, """{"cron": "@daily"}""")).Res.GetProperty("arguments").GetRawText().Should().Be("[]");
        (await platform.Client.DeleteAsync(Path)).Res.GetInt32().Should().Be(1);
        (await platform.Client.DeleteAsync(Path)).Res.GetInt32().Should().Be(0);
        (await platform.Client.GetAsync($"/u/{_user}/schedules")).Res.GetProperty("schedules").GetArrayLength().Should().Be(0);
    }

    [Theory]
    [InlineData("", "bad_request", "The body must be a JSON object")]
    [InlineData("{}", "bad_request", "cron is missing")]
    [InlineData("""{"cron": 5}""", "bad_request", "cron must be a string")]
    [InlineData("""{"cron": "* * *"}""", "bad_request", "Write five fields")]
    [InlineData("""{"cron": "0 0 30 2 *"}""", "bad_request", "There is no day")]
    [InlineData("""{"cron": "* * * * *", "every": 5}""", "bad_request", "There is no field 'every'; the fields are cron, timeZone")]
    [InlineData("""{"cron": "* * * * *", "timeZone": "Middle/Earth"}""", "bad_request", "no time zone 'Middle/Earth'")]
    [InlineData("""{"cron": "* * * * *", "missed": "some"}""", "bad_request", "'latest', 'skip' or 'all'")]
    [InlineData("""{"cron": "* * * * *", "arguments": {"a": 1}}""", "invalid_arguments", "not an array")]
    public async Task Schedule_ThatIsWrong_IsToldWhatIsAllowed(string body, string code, string message)
    {
        await platform.Client.RegisterAsync(_user, "f", "() => 1");

        var answer = await platform.Client.PutAsync(Path, body);

        (answer.Status, answer.Code).Should().Be((HttpStatusCode.BadRequest, code));
        answer.Json.GetProperty("res").GetString().Should().Contain(message);
        (await platform.Client.GetAsync(Path)).Res.ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Schedule_OfWhatIsNotThere_IsNotFound()
    {
        (await platform.Client.PutAsync(Path, """{"cron": "@daily"}""")).Code.Should().Be("user_not_found");
        await platform.Client.PostAsync($"/u/{_user}");
        (await platform.Client.PutAsync(Path, """{"cron": "@daily"}""")).Code.Should().Be("function_not_found");
        (await platform.Client.GetAsync(Path)).Code.Should().Be("function_not_found");
        (await platform.Client.DeleteAsync(Path)).Res.GetInt32().Should().Be(0);
        (await platform.Client.GetAsync($"/u/{_user}/schedules?limit=101")).Code.Should().Be("bad_request");
        (await platform.Client.GetAsync($"/u/{_user}/schedules?cursor=a%20b")).Code.Should().Be("bad_request");
    }
}

/// <summary>A schedule whose platform is away, and dies while it makes up for what it missed.</summary>
public sealed class ScheduleKeepingTests
{
    private const int MinuteMs = 60_000;

    [Fact]
    public async Task Runs_ThatWereMissed_AreMadeOnceEach_WhoeverDies()
    {
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("ann", "f", "(a, b) => a + b");
        (await client.PutAsync("/u/ann/fn/f/schedule", """{"cron": "* * * * *", "arguments": [5, 6], "missed": "all"}"""))
            .Error.Should().BeFalse();
        await platform.KillAsync();
        var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var firstMs = nowMs - (nowMs % MinuteMs) - (40 * MinuteMs);
        LedgerCheck.Write(platform, $"UPDATE schedules SET next_ms = {firstMs}");

        for (var kills = 0; kills < 2; kills++)
        {
            await platform.StartAsync();
            await Eventually.HoldsAsync(async () => (await JobsAsync(client)).Count > 0);
            await platform.KillAsync();
        }
        await platform.StartAsync();

        var schedule = await CaughtUpAsync(client, nowMs);
        var jobs = await JobsAsync(client);
        // A minute may have passed since it had caught up.
        var made = (schedule.GetProperty("nextAt").GetDateTimeOffset().ToUnixTimeMilliseconds() - firstMs) / MinuteMs;
        ((long)jobs.Count).Should().BeOneOf(made, made + 1);
        foreach (var job in jobs) (await client.ResultAsync(job)).Should().Be("11");
        jobs.Should().Contain(schedule.GetProperty("last").GetProperty("job").GetString());
        var answer = await client.GetAsync("/u/ann/time");
        (await platform.StopAsync(TimeSpan.FromSeconds(60))).Should().Be(0);
        LedgerCheck.Check(platform, jobs, answer.Res.GetInt64());
    }

    private static async Task<JsonElement> CaughtUpAsync(FaasClient client, long nowMs)
    {
        JsonElement schedule = default;
        await Eventually.HoldsAsync(async () =>
        {
            schedule = (await client.GetAsync("/u/ann/fn/f/schedule")).Res;
            return schedule.GetProperty("nextAt").GetDateTimeOffset().ToUnixTimeMilliseconds() > nowMs;
        });
        return schedule;
    }

    private static async Task<List<string>> JobsAsync(FaasClient client) =>
        [.. (await client.GetAsync("/u/ann/jobs?limit=200")).Res.GetProperty("jobs").EnumerateArray()
            .Select(job => job.GetProperty("id").GetString()!)];
}
