using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;

namespace FaaS.Infrastructure.Tests.Http;

public sealed class JobTests
{
    private const string Job = "/j/" + Records.IdText;

    [Theory]
    [InlineData("/j/6b056a409afce1c4f062382")]
    [InlineData("/j/6b056a409afce1c4f06238277")]
    [InlineData("/j/6B056A409AFCE1C4F0623827")]
    [InlineData("/j/6b056a409afce1c4f062382g")]
    [InlineData("/j/x%2Fy")]
    public async Task Id_OutsideItsPattern_IsRefusedWithThePattern(string path)
    {
        var platform = new FakePlatform();
        await using var host = await FrontendHost.StartAsync(platform);

        foreach (var part in new[] { "", "/res", "/info", "/logs" })
        {
            var answer = await host.Rest.GetAsync(path + part);
            answer.Status.Should().Be(400);
            answer.Code.Should().Be("invalid_name");
            answer.Word.Should().Contain("[0-9a-f]{24}");
        }
        (await host.Rest.DeleteAsync(path)).Code.Should().Be("invalid_name");
        platform.Sent.Should().BeEmpty();
    }

    [Fact]
    public async Task Job_ThatIsNotKnown_IsNotFound()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform()
            .On((FindJob _) => Result<JobRecord>.Fail(ErrorCode.JobNotFound, "There is no such job."))
            .On((DescribeJob _) => new JobStanding(false, default, 0, null, 0, 0))
            .On((WaitJob _) => new JobProgress(false, null)));

        foreach (var part in new[] { "", "/res", "/info", "/logs", "?wait=1s", "/res?wait=1s" })
        {
            var answer = await host.Rest.GetAsync(Job + part);
            answer.Status.Should().Be(404);
            answer.Code.Should().Be("job_not_found");
        }
    }

    [Fact]
    public async Task Status_OfAJob_IsWhetherItHasEnded()
    {
        await using var waiting = await FrontendHost.StartAsync(Records.With(Records.Waiting));
        await using var ended = await FrontendHost.StartAsync(Records.With(Records.Ended(Outcome.Crashed)));

        (await waiting.Rest.GetAsync(Job)).Text.Should().Be("""{"error":false,"res":0}""");
        (await waiting.Rest.GetAsync($"{Job}/res")).Text.Should().Be("""{"error":false,"res":null}""");
        (await ended.Rest.GetAsync(Job)).Text.Should().Be("""{"error":false,"res":1}""");
    }

    [Theory]
    [InlineData(ResultKind.Json, """{"a":"é"}""", """{\"a\":\"é\"}""")]
    [InlineData(ResultKind.Text, "\"hi\", said\n", """\"hi\", said\n""")]
    [InlineData(ResultKind.Opaque, "undefined", "undefined")]
    [InlineData(ResultKind.Text, "", "")]
    public async Task Result_OfASuccess_IsItsText(ResultKind kind, string value, string answer)
    {
        await using var host = await FrontendHost.StartAsync(Records.With(Records.Ended(Outcome.Success, kind, value)));

        (await host.Rest.GetAsync($"{Job}/res")).Text.Should().Be($$"""{"error":false,"res":"{{answer}}"}""");
    }

    [Theory]
    [InlineData(Outcome.UserError, "Error")]
    [InlineData(Outcome.Timeout, "TimeoutError")]
    [InlineData(Outcome.MemoryExceeded, "MemoryError")]
    [InlineData(Outcome.ResultTooLarge, "ResultTooLargeError")]
    [InlineData(Outcome.Cancelled, "CancelledError")]
    [InlineData(Outcome.Expired, "ExpiredError")]
    [InlineData(Outcome.Crashed, "CrashedError")]
    [InlineData(Outcome.PlatformError, "PlatformError")]
    public async Task Result_OfAFailure_IsItsErrorOrTheOutcomesName(Outcome outcome, string name)
    {
        await using var told = await FrontendHost.StartAsync(
            Records.With(Records.Ended(outcome, error: new FunctionError("AnyError", "told"))));
        await using var untold = await FrontendHost.StartAsync(Records.With(Records.Ended(outcome)));

        (await told.Rest.GetAsync($"{Job}/res")).Text.Should().Be("""{"error":false,"res":"AnyError: told"}""");
        (await untold.Rest.GetAsync($"{Job}/res")).Word.Should().Be(name);
    }

    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("30", 30_000)]
    [InlineData("500ms", 500)]
    [InlineData("1m", 60_000)]
    [InlineData("2h", 60_000)]
    [InlineData("2000000000d", 60_000)]
    public async Task Wait_InTheQuery_AsksTheQueueFirst(string wait, int ms)
    {
        var platform = new FakePlatform().On((WaitJob _) => Records.Progress(Outcome.Success, Body.Of("11"u8.ToArray())));
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.GetAsync($"{Job}/res?wait={wait}")).Word.Should().Be("11");
        (await host.Rest.GetAsync($"{Job}?wait={wait}")).Number.Should().Be(1);
        platform.Sent.Should().Equal(new WaitJob(Records.Id, ms), new WaitJob(Records.Id, ms));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-1s")]
    [InlineData("1.5s")]
    [InlineData("30 s")]
    [InlineData("s")]
    [InlineData("99999999999999999999")]
    public async Task Wait_ThatIsNoTime_IsRefusedWithWhatIsAllowed(string wait)
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());

        var answer = await host.Rest.GetAsync($"{Job}?wait={Uri.EscapeDataString(wait)}");

        answer.Status.Should().Be(400);
        answer.Code.Should().Be("bad_request");
        answer.Word.Should().Contain("30s").And.Contain("500ms");
    }

    [Fact]
    public async Task Wait_WhoseClientLeaves_IsGivenUp()
    {
        var (asked, left) = (new TaskCompletionSource(), new TaskCompletionSource());
        var platform = new FakePlatform().OnLater<WaitJob, JobProgress>(async (_, cancellation) =>
        {
            await using var registration = cancellation.Register(() => left.TrySetResult());
            asked.TrySetResult();
            await left.Task;
            throw new OperationCanceledException(cancellation);
        });
        await using var host = await FrontendHost.StartAsync(platform);
        using var client = new CancellationTokenSource();
        var polling = host.Rest.GetAsync($"{Job}?wait=60s", client.Token);
        await asked.Task.WaitAsync(Eventually.DefaultTimeout);

        await client.CancelAsync();

        await left.Task.WaitAsync(Eventually.DefaultTimeout);
        await polling.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Info_OfAnEndedJob_IsItsRecord()
    {
        await using var host = await FrontendHost.StartAsync(Records.With(Records.Ended(Outcome.Success, ResultKind.Json, "[1, 2]"))
            .On((DescribeJob _) => new JobStanding(false, default, 0, null, 0, 0)));

        (await host.Rest.GetAsync($"{Job}/info")).Text.Should().Be(
            """{"error":false,"res":{"id":"6b056a409afce1c4f0623827","user":"ann","fn":"add","version":4"""
            + ""","state":"succeeded","outcome":"success","attempts":1"""
            + ""","submittedAt":"2026-11-24T10:00:00.000Z","dueAt":null,"startedAt":"2026-11-24T10:00:00.005Z","endedAt":"2026-11-24T10:00:00.012Z","position":null"""
            + ""","estimatedStartAt":null,"queuedMs":5,"coldStartMs":0.5,"cpuMs":3.125,"wallMs":7.25,"result":[1, 2]"""
            + ""","error":null,"redriveOf":null,"batch":null}}""");
    }

    [Fact]
    public async Task Info_OfAQueuedJob_HasItsPlace()
    {
        await using var host = await FrontendHost.StartAsync(Records.With(Records.Waiting)
            .On((DescribeJob _) => new JobStanding(true, JobState.Queued, 7, TimeSpan.FromSeconds(3), 0, 0)));

        var info = (await host.Rest.GetAsync($"{Job}/info")).Res;

        info.GetProperty("state").GetString().Should().Be("queued");
        info.GetProperty("position").GetInt32().Should().Be(7);
        info.GetProperty("estimatedStartAt").GetDateTimeOffset().Should()
            .BeCloseTo(TimeProvider.System.GetUtcNow().AddSeconds(3), TimeSpan.FromSeconds(60));
        info.GetProperty("startedAt").GetString().Should().BeNull();
    }

    [Fact]
    public async Task Info_OfARunningJob_CountsTheAttemptThatRuns()
    {
        await using var host = await FrontendHost.StartAsync(Records.With(Records.Waiting)
            .On((DescribeJob _) => new JobStanding(true, JobState.Running, 0, null, Records.NoonMs + 9, 0)));

        var info = (await host.Rest.GetAsync($"{Job}/info")).Res;

        info.GetProperty("state").GetString().Should().Be("running");
        info.GetProperty("attempts").GetInt32().Should().Be(1);
        info.GetProperty("startedAt").GetString().Should().Be("2026-11-24T10:00:00.009Z");
        info.GetProperty("queuedMs").GetInt32().Should().Be(9);
    }

    [Fact]
    public async Task Info_WhenTheQueueCannotBeAsked_IsWhatDbKnows()
    {
        await using var host = await FrontendHost.StartAsync(Records.With(Records.Waiting)
            .On((DescribeJob _) => Result<JobStanding>.Fail(ErrorCode.Unavailable, "Not now.")));

        (await host.Rest.GetAsync($"{Job}/info")).Res.GetProperty("state").GetString().Should().Be("queued");
    }

    [Theory]
    [InlineData(ResultKind.Text, "a\"b", "\"a\\\"b\"")]
    [InlineData(ResultKind.Opaque, "undefined", "null")]
    [InlineData(ResultKind.Json, "{\"a\":", "null")]
    [InlineData(ResultKind.Json, "1}, \"wallMs\": 0", "null")]
    public async Task Info_OfAnyResult_IsJson(ResultKind kind, string value, string json)
    {
        await using var host = await FrontendHost.StartAsync(Records.With(Records.Ended(Outcome.Success, kind, value))
            .On((DescribeJob _) => new JobStanding(false, default, 0, null, 0, 0)));

        (await host.Rest.GetAsync($"{Job}/info")).Res.GetProperty("result").GetRawText().Should().Be(json);
    }

    [Fact]
    public async Task Info_OfAFailure_HasItsError()
    {
        await using var host = await FrontendHost.StartAsync(
            Records.With(Records.Ended(Outcome.UserError, error: new FunctionError("TypeError", "no", "at f:1:2")))
                .On((DescribeJob _) => new JobStanding(false, default, 0, null, 0, 0)));

        (await host.Rest.GetAsync($"{Job}/info")).Res.GetProperty("error").GetRawText().Should().Be(
            """{"name":"TypeError","message":"no","stack":"at f:1:2"}""");
    }

    [Theory]
    [InlineData(null, "[]")]
    [InlineData("[{\"at\":1}]", "[{\"at\":1}]")]
    [InlineData("no json", "null")]
    public async Task Logs_OfAJob_AreItsLines(string? stored, string answered)
    {
        var record = Records.Ended(Outcome.Success) with
        {
            Logs = stored is null ? null : System.Text.Encoding.UTF8.GetBytes(stored),
        };
        await using var host = await FrontendHost.StartAsync(Records.With(record));

        (await host.Rest.GetAsync($"{Job}/logs")).Text.Should().Be($$"""{"error":false,"res":{{answered}}}""");
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Delete_WhetherThereWasSomething_IsToldByANumber(bool removed, int told)
    {
        var platform = new FakePlatform().On((CancelJob _) => new CancelledJob(removed));
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.DeleteAsync(Job)).Number.Should().Be(told);
        platform.Sent.Should().Equal(new CancelJob(Records.Id));
    }

    [Fact]
    public async Task Delete_WhenNobodyKnowsInTime_SaysSo()
    {
        var never = new TaskCompletionSource<Result<CancelledJob>>();
        var platform = new FakePlatform().OnLater<CancelJob, CancelledJob>((_, _) => never.Task);
        await using var host = await FrontendHost.StartAsync(platform, null, ("Http:SubmitDeadline", "00:00:01"));

        var answer = await host.Rest.DeleteAsync(Job);

        answer.Status.Should().Be(503);
        answer.Code.Should().Be("outcome_unknown");
        answer.Header("Retry-After").Should().Be("1");
    }
}
