using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Tests.Shared.Rest;

namespace FaaS.Infrastructure.Tests.Http;

public sealed class EnvelopeTests
{
    [Theory]
    [InlineData("abc-DEF_1.2:3", true)]
    [InlineData("two words", false)]
    [InlineData("<script>", false)]
    [InlineData("", false)]
    public async Task RequestId_WhenGiven_ComesBackIfItIsValid(string id, bool valid)
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());

        var answer = await host.Rest.PostAsync("/nowhere", "", ("X-Request-Id", id));

        answer.Header("X-Request-Id").Should().NotBeNullOrWhiteSpace();
        (answer.Header("X-Request-Id") == id).Should().Be(valid);
    }

    [Fact]
    public async Task RequestId_OverItsLength_IsReplaced()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());
        var (longest, longer) = (new string('a', 128), new string('a', 129));

        (await host.Rest.PostAsync("/health/live", "", ("X-Request-Id", longest))).Header("X-Request-Id").Should().Be(longest);
        (await host.Rest.PostAsync("/health/live", "", ("X-Request-Id", longer))).Header("X-Request-Id").Should().NotBe(longer);
    }

    [Fact]
    public async Task Route_ThatIsNone_IsNotFoundInTheEnvelope()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());

        var answer = await host.Rest.GetAsync("/no/\"such\"/route");

        answer.Status.Should().Be(404);
        answer.IsError.Should().BeTrue();
        answer.Code.Should().Be("route_not_found");
    }

    [Theory]
    [InlineData("PUT", "/u/ann", "DELETE, POST")]
    [InlineData("GET", "/u/ann/fn/add/run", "POST")]
    [InlineData("POST", "/j/6b056a409afce1c4f0623827", "DELETE, GET")]
    public async Task Verb_ThatIsNone_IsNotAllowedAndSaysWhatIs(string verb, string path, string allowed)
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());

        var answer = await host.Rest.SendAsync(new HttpMethod(verb), path, null, [], CancellationToken.None);

        answer.Status.Should().Be(405);
        answer.Code.Should().Be("method_not_allowed");
        answer.Header("Allow")!.Split(", ").Order().Should().Equal(allowed.Split(", "));
    }

    [Fact]
    public async Task Defect_OfThePlatform_IsASentenceWithoutAStack()
    {
        var platform = new FakePlatform().OnLater<GetExecutionTime, ExecutionTime>(
            (_, _) => throw new InvalidOperationException("secret detail"));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.GetAsync("/u/ann/time");

        answer.Status.Should().Be(500);
        answer.Code.Should().Be("internal");
        answer.Text.Should().NotContain("secret").And.NotContain(" at ");
    }

    [Fact]
    public async Task Answers_ToPipelinedRequests_ComeInOrderAndByTheirLength()
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((GetExecutionTime request) => new ExecutionTime(TimeSpan.FromMilliseconds(request.User.Length))));
        await using var connection = RawConnection.Open(host.Rest.Address);

        await connection.SendAsync(string.Concat(
            new[] { "/u/a/time", "/u/bb/time", "/nowhere", "/u/cccccccccc/time" }.Select(path => $"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")));
        var answers = new List<Answer>();
        for (var i = 0; i < 4; i++) answers.Add((await connection.ReadAsync())!);

        answers.Select(answer => answer.Text).Where((_, i) => i != 2).Should().Equal(
            """{"error":false,"res":1}""", """{"error":false,"res":2}""", """{"error":false,"res":10}""");
        answers[2].Code.Should().Be("route_not_found");
        answers.Should().OnlyContain(answer => answer.Header("Content-Type") == "application/json; charset=utf-8");
        answers.Should().OnlyContain(answer => answer.Header("Server") == null);
    }

    [Theory]
    [InlineData(ErrorCode.BadRequest, 400, false)]
    [InlineData(ErrorCode.InvalidName, 400, false)]
    [InlineData(ErrorCode.Unauthorized, 401, false)]
    [InlineData(ErrorCode.Forbidden, 403, false)]
    [InlineData(ErrorCode.UserNotFound, 404, false)]
    [InlineData(ErrorCode.Conflict, 409, false)]
    [InlineData(ErrorCode.LeaseLost, 409, false)]
    [InlineData(ErrorCode.TooLarge, 413, false)]
    [InlineData(ErrorCode.InvalidSource, 422, false)]
    [InlineData(ErrorCode.QueueFull, 429, true)]
    [InlineData(ErrorCode.QuotaExceeded, 429, true)]
    [InlineData(ErrorCode.NotDurable, 503, true)]
    [InlineData(ErrorCode.OutcomeUnknown, 503, true)]
    [InlineData(ErrorCode.Unavailable, 503, true)]
    [InlineData(ErrorCode.Internal, 500, false)]
    public async Task Error_OfThePlatform_HasItsStatus(ErrorCode code, int status, bool passes)
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((GetExecutionTime _) => Result<ExecutionTime>.Fail(code, "No.")));

        var answer = await host.Rest.GetAsync("/u/ann/time");

        answer.Status.Should().Be(status);
        answer.Text.Should().Be($$"""{"error":true,"res":"No.","code":"{{code.Word()}}"}""");
        answer.Header("Retry-After").Should().Be(passes ? "1" : null);
    }

    [Fact]
    public async Task Error_ThatKnowsWhenToComeBack_SaysSo()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform()
            .On((GetExecutionTime _) => (Result<ExecutionTime>)new Error(ErrorCode.QueueFull, "Full.", RetryAfterSeconds: 17)));

        (await host.Rest.GetAsync("/u/ann/time")).Header("Retry-After").Should().Be("17");
    }

    [Fact]
    public async Task Nul_InThePath_IsRefusedByTheServerAndHarmsNobody()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());
        await using (var connection = RawConnection.Open(host.Rest.Address))
        {
            await connection.SendAsync("POST /u/a%00b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            (await connection.ReadAsync())!.Status.Should().Be(400);
        }

        (await host.Rest.GetAsync("/health/live")).Word.Should().Be("live");
    }
}
