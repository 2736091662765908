using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Scaling;
using FaaS.Tests.Shared.Rest;

namespace FaaS.Infrastructure.Tests.Http;

public sealed class DecisionTests
{
    private const string Route = "/autoscaler/decisions";

    private static readonly DecisionReport Grown = new(
        7, DateTimeOffset.FromUnixTimeMilliseconds(Records.NoonMs + 5), "queue-delay", "backlog", 2, 5, 4,
        "12 jobs wait \u2013 \"too many\".",
        new ScalingSample(
            DateTimeOffset.FromUnixTimeMilliseconds(Records.NoonMs), 1, 1, 3, 12, 2, 1_500, 1, 4, 40, 26, 90, 30),
        new ScalingMeasures(0.5, 20.25, 1.0 / 3, 4, null, 60), "kubernetes", "timed_out", "No answer\nin 5 s.\u001b[31m");

    private static readonly DecisionReport Blind = new(
        8, DateTimeOffset.FromUnixTimeMilliseconds(Records.NoonMs + 9), "doubling", "of_tomorrow", 0, null, null,
        "Nothing is known.", null, null, null, null, null);

    [Fact]
    public async Task List_OfDecisions_HasEverythingOfEach()
    {
        await using var host = await FrontendHost.StartAsync(
            Log(new RecordedDecision(41, Blind), new RecordedDecision(40, Grown)));

        var answer = await host.Rest.GetAsync(Route);

        answer.Status.Should().Be(200);
        answer.Header("Content-Type").Should().Be("application/json; charset=utf-8");
        answer.Text.Should().Be(
            """
            {"error":false,"res":[{"id":41,"at":"2026-11-24T10:00:00.009Z","policy":"doubling","rule":"of_tomorrow",
            "present":0,"desired":null,"target":null,"reason":"Nothing is known.","sample":null,"measures":null,
            "fleet":null,"outcome":null,"detail":null},
            {"id":40,"at":"2026-11-24T10:00:00.005Z","policy":"queue-delay","rule":"backlog","present":2,"desired":5,
            "target":4,"reason":"12 jobs wait – \"too many\".",
            "sample":{"at":"2026-11-24T10:00:00.000Z","workers":1,"starting":1,"epoch":3,"queued":12,"inFlight":2,
            "oldestQueuedMs":1500,"readyWorkers":1,"slots":4,"arrived":40,"attempts":26,"busyMs":90,"runningMs":30,
            "storeAvailable":true},
            "measures":{"arrivalsPerSecond":0.5,"serviceMs":20.25,"busySlots":0.333,"slotsPerWorker":4,
            "predictedWaitMs":null,"measuredSeconds":60},
            "fleet":"kubernetes","outcome":"timed_out","detail":"No answer\nin 5 s.\u001B[31m"}]}
            """.ReplaceLineEndings(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?limit=&changes=&before=")]
    [InlineData("?limit=100&changes=false&other=1")]
    public async Task List_WithoutAQuery_AsksForTheNewestHundred(string query)
    {
        var platform = Log();
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.GetAsync(Route + query)).Text.Should().Be("""{"error":false,"res":[]}""");

        platform.Sent.Should().Equal(new ListDecisions(100));
    }

    [Fact]
    public async Task List_WithAQuery_AsksForThat()
    {
        var platform = Log();
        await using var host = await FrontendHost.StartAsync(platform);

        await host.Rest.GetAsync(Route + "?limit=1000&changes=true&before=9223372036854775807");

        platform.Sent.Should().Equal(new ListDecisions(1_000, long.MaxValue, true));
    }

    [Theory]
    [InlineData("limit=0", "1 to 1000")]
    [InlineData("limit=1001", "1 to 1000")]
    [InlineData("limit=-1", "1 to 1000")]
    [InlineData("limit=ten", "1 to 1000")]
    [InlineData("limit=1&limit=2", "1 to 1000")]
    [InlineData("limit=99999999999999999999", "1 to 1000")]
    [InlineData("before=0", "id of a decision")]
    [InlineData("before=x", "id of a decision")]
    [InlineData("before=9223372036854775808", "id of a decision")]
    [InlineData("changes=yes", "true or false")]
    [InlineData("changes=True", "true or false")]
    public async Task List_WithAQueryThatMakesNoSense_SaysWhatIsAllowed(string query, string allowed)
    {
        var platform = Log();
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.GetAsync($"{Route}?{query}");

        answer.Status.Should().Be(400);
        answer.Code.Should().Be("bad_request");
        answer.Word.Should().StartWith(query[..query.IndexOf('=')]).And.Contain(allowed);
        platform.Sent.Should().BeEmpty();
    }

    [Fact]
    public async Task List_WhenPagesAreShort_GoesOnUntilThereAreEnough()
    {
        var platform = new FakePlatform().On((ListDecisions request) => new DecisionPage(
            [.. Below(request.Before).Take(Math.Min(3, request.Max))], true));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.GetAsync(Route + "?limit=7&changes=true");

        answer.Res.EnumerateArray().Select(item => item.GetProperty("id").GetInt64()).Should()
            .Equal(50, 49, 48, 47, 46, 45, 44);
        platform.Sent.Should().Equal(
            new ListDecisions(7, 0, true), new ListDecisions(4, 48, true), new ListDecisions(1, 45, true));

        static IEnumerable<RecordedDecision> Below(long before) => Enumerable.Range(0, 50)
            .Select(at => new RecordedDecision(50 - at, Blind)).Where(row => before == 0 || row.Id < before);
    }

    [Theory]
    [InlineData(ErrorCode.Unavailable)]
    [InlineData(ErrorCode.OutcomeUnknown)]
    public async Task List_WhenDbIsAway_IsUnavailable(ErrorCode code)
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((ListDecisions _) => Result<DecisionPage>.Fail(code, "Db does not answer.")));

        var answer = await PlainAsync(host, "text/plain");

        answer.Status.Should().Be(503);
        answer.Code.Should().Be(code.Word());
        answer.Header("Retry-After").Should().Be("1");
    }

    [Theory]
    [InlineData("text/plain", true)]
    [InlineData("TEXT/Plain; charset=utf-8", true)]
    [InlineData("text/*, application/json;q=0.5", true)]
    [InlineData("text/html, text/plain;q=0.9, */*;q=0.8", true)]
    [InlineData("application/json, text/plain, */*", false)]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", false)]
    [InlineData("text/plain;q=0, */*", false)]
    [InlineData("*/*", false)]
    [InlineData("nonsense", false)]
    [InlineData("", false)]
    public async Task List_ForWhoeverPrefersText_IsText(string accept, bool isText)
    {
        await using var host = await FrontendHost.StartAsync(Log());

        var answer = await PlainAsync(host, accept);

        answer.Header("Content-Type").Should().Be(isText ? "text/plain; charset=utf-8" : "application/json; charset=utf-8");
        answer.Header("Vary").Should().Be("Accept");
    }

    [Fact]
    public async Task Text_OfDecisions_IsALineEach()
    {
        var done = Grown with
        {
            Outcome = "done", Detail = null, Rule = "surplus", Present = 12, Target = 9, Reason = "Fewer do.",
        };
        await using var host = await FrontendHost.StartAsync(
            Log(new RecordedDecision(42, Blind), new RecordedDecision(41, done), new RecordedDecision(40, Grown)));

        var answer = await PlainAsync(host, "text/plain");

        answer.Text.Should().Be(
            """
            2026-11-24T10:00:00.009Z    0 → -    of_tomorrow  Nothing is known.
            2026-11-24T10:00:00.005Z   12 → 9    surplus    Fewer do.  [done]
            2026-11-24T10:00:00.005Z    2 → 4    backlog    12 jobs wait – "too many".  [timed_out: No answer in 5 s. [31m]

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Decisions_WithAnotherVerb_AreNotAllowed()
    {
        await using var host = await FrontendHost.StartAsync(Log());

        (await host.Rest.DeleteAsync(Route)).Code.Should().Be("method_not_allowed");
    }

    private static FakePlatform Log(params RecordedDecision[] decisions) =>
        new FakePlatform().On((ListDecisions _) => new DecisionPage(decisions, false));

    private static Task<Answer> PlainAsync(FrontendHost host, string accept) =>
        host.Rest.SendAsync(HttpMethod.Get, Route, null, [("Accept", accept)], default);
}
