using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Tests.Http;

public sealed class RunTests
{
    private const string Run = "/u/ann/fn/add/run";

    [Fact]
    public async Task Submission_WhenDurable_IsAnsweredWithItsIdAndPlace()
    {
        var platform = Records.Accepting();
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[4, 7]");

        answer.Status.Should().Be(200);
        answer.Text.Should().Be($$"""{"error":false,"res":"{{answer.Word}}"}""");
        answer.Header("Location").Should().Be($"/j/{answer.Word}");
        var job = platform.Sent.Should().ContainSingle().Which.Should().BeOfType<EnqueueJobs>().Which.Jobs.Single();
        (job.Id.ToString(), job.User, job.Function).Should().Be((answer.Word, "ann", "add"));
        Encoding.UTF8.GetString(job.Arguments.Inline!).Should().Be("[4, 7]");
    }

    [Fact]
    public async Task Submission_WithoutABody_HasNoArguments()
    {
        var platform = Records.Accepting();
        await using var host = await FrontendHost.StartAsync(platform);

        await host.Rest.PostAsync(Run);

        Submitted(platform).Arguments.Inline.Should().Equal("[]"u8.ToArray());
    }

    [Theory]
    [InlineData(Body.InlineLimit, false)]
    [InlineData(Body.InlineLimit + 1, true)]
    public async Task Arguments_OverTheInlineLimit_AreStoredFirst(int bytes, bool stored)
    {
        var platform = Records.Accepting();
        await using var host = await FrontendHost.StartAsync(platform);
        var body = "[\"" + new string('x', bytes - 4) + "\"]";

        (await host.Rest.PostAsync(Run, body)).Status.Should().Be(200);

        var arguments = Submitted(platform).Arguments;
        (arguments.Stored is not null).Should().Be(stored);
        if (!stored) return;
        platform.Sent[0].Should().Be(new FindVersion("ann", "add"));
        platform.Sent[1].Should().Be(new CheckAdmission("ann", bytes));
        var payload = platform.Sent[2].Should().BeOfType<StorePayload>().Subject;
        payload.Id.Should().Be(arguments.Stored!.Value);
        arguments.StoredLength.Should().Be(bytes);
        Encoding.UTF8.GetString(payload.Bytes).Should().Be(body);
    }

    [Theory]
    [InlineData(ErrorCode.UserNotFound)]
    [InlineData(ErrorCode.FunctionNotFound)]
    public async Task Arguments_ForNoFunction_AreNotStored(ErrorCode code)
    {
        var platform = Records.Accepting().On((FindVersion _) => Result<CurrentVersion>.Fail(code, "No."));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[\"" + new string('x', 20_000) + "\"]");

        answer.Code.Should().Be(code.Word());
        platform.Sent.Should().NotContain(request => request is StorePayload || request is EnqueueJobs);
    }

    [Fact]
    public async Task Arguments_OfWhoMayNotSubmit_AreNotStored()
    {
        var platform = Records.Accepting()
            .On((CheckAdmission _) => new Admission(Error.OverQuota("msPerDay", 5, "No.", 77)));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[\"" + new string('x', 20_000) + "\"]");

        (answer.Status, answer.Code, answer.Header("Retry-After")).Should().Be((429, "quota_exceeded", "77"));
        platform.Sent.Should().NotContain(request => request is StorePayload || request is EnqueueJobs);
    }

    [Fact]
    public async Task Arguments_BeforeAQueueOfAnOlderRelease_AreStoredAndSubmitted()
    {
        var platform = Records.Accepting()
            .On((CheckAdmission _) => Result<Admission>.Fail(ErrorCode.RouteNotFound, "There is no such row."));
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.PostAsync(Run, "[\"" + new string('x', 20_000) + "\"]")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Arguments_ThatCannotBeStored_AreNotSubmitted()
    {
        var platform = Records.Accepting()
            .On((StorePayload _) => Result<StoredPayload>.Fail(ErrorCode.NotDurable, "No."));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[\"" + new string('x', 20_000) + "\"]");

        answer.Code.Should().Be("not_durable");
        platform.Sent.Should().NotContain(request => request is EnqueueJobs);
    }

    [Fact]
    public async Task Submission_WhenRefused_SaysWhyAndNamesNoJob()
    {
        var platform = Records.Accepting().On((EnqueueJobs _) => Result<EnqueuedJobs>.Ok(
            new EnqueuedJobs([new Error(ErrorCode.FunctionNotFound, "There is no such function.")])));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[]");

        answer.Status.Should().Be(404);
        answer.Code.Should().Be("function_not_found");
        answer.Header("Location").Should().BeNull();
        answer.Json.TryGetProperty("id", out _).Should().BeFalse();
    }

    [Fact]
    public async Task Submission_WhoseOutcomeIsUnknown_NamesTheJob()
    {
        var platform = Records.Accepting()
            .On((EnqueueJobs _) => Result<EnqueuedJobs>.Fail(ErrorCode.OutcomeUnknown, "Who knows."));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[]");

        answer.Status.Should().Be(503);
        answer.Code.Should().Be("outcome_unknown");
        answer.Json.GetProperty("id").GetString().Should().Be(Submitted(platform).Id.ToString());
        answer.Header("Retry-After").Should().NotBeNull();
    }

    [Fact]
    public async Task Submission_ThatIsNotAnsweredInTime_HasAnUnknownOutcome()
    {
        var never = new TaskCompletionSource<Result<EnqueuedJobs>>();
        var platform = Records.Accepting().OnLater<EnqueueJobs, EnqueuedJobs>((_, _) => never.Task);
        await using var host = await FrontendHost.StartAsync(platform, null, ("Http:SubmitDeadline", "00:00:01"));

        var answer = await host.Rest.PostAsync(Run, "[]");

        answer.Code.Should().Be("outcome_unknown");
        answer.Json.GetProperty("id").GetString().Should().Be(Submitted(platform).Id.ToString());
    }

    [Fact]
    public async Task Payload_ThatIsNotStoredInTime_LeavesNothingSubmitted()
    {
        var never = new TaskCompletionSource<Result<StoredPayload>>();
        var platform = Records.Accepting().OnLater<StorePayload, StoredPayload>((_, _) => never.Task);
        await using var host = await FrontendHost.StartAsync(platform, null, ("Http:SubmitDeadline", "00:00:01"));

        var answer = await host.Rest.PostAsync(Run, "[\"" + new string('x', 20_000) + "\"]");

        answer.Code.Should().Be("not_durable");
        platform.Sent.Should().NotContain(request => request is EnqueueJobs);
    }

    [Theory]
    [InlineData("respond-async", 202)]
    [InlineData("Respond-Async, handling=lenient", 202)]
    [InlineData("wait=0", 200)]
    [InlineData("wait=-1", 200)]
    [InlineData("wait=soon", 200)]
    [InlineData("return=minimal", 200)]
    public async Task Preference_ThatAsksForNoWait_MakesNone(string preference, int status)
    {
        var platform = Records.Accepting();
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[]", ("Prefer", preference));

        answer.Status.Should().Be(status);
        platform.Sent.Should().NotContain(request => request is WaitJob);
    }

    [Theory]
    [InlineData("wait=5", 5_000)]
    [InlineData("respond-async, wait=60", 60_000)]
    [InlineData("wait=100000", 60_000)]
    public async Task Preference_ToWait_AnswersWithTheEnd(string preference, int waitMs)
    {
        var platform = Records.Accepting().On((WaitJob _) => Records.Progress(Outcome.Success, Body.Of("11"u8.ToArray())));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[4,7]", ("Prefer", preference));

        answer.Status.Should().Be(200);
        answer.Text.Should().Be(
            $$"""{"error":false,"res":"{{answer.Word}}","status":1,"outcome":"success","result":"11"}""");
        platform.Sent[^1].Should().Be(new WaitJob(JobId.Parse(answer.Word), waitMs));
    }

    [Fact]
    public async Task Wait_ThatIsOverFirst_IsAccepted()
    {
        var platform = Records.Accepting().On((WaitJob _) => new JobProgress(true, null));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[]", ("Prefer", "wait=1"));

        answer.Status.Should().Be(202);
        answer.Text.Should().Be($$"""{"error":false,"res":"{{answer.Word}}","status":0}""");
    }

    [Fact]
    public async Task Wait_ForAJobThatIsInDbOnly_IsAnsweredFromThere()
    {
        var platform = Records.Accepting().On((WaitJob _) => new JobProgress(false, null))
            .On((FindJob _) => Records.Ended(Outcome.UserError, error: new FunctionError("TypeError", "no")));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[]", ("Prefer", "wait=1"));

        answer.Status.Should().Be(200);
        answer.Json.GetProperty("outcome").GetString().Should().Be("user_error");
        answer.Json.GetProperty("result").GetString().Should().Be("TypeError: no");
    }

    [Fact]
    public async Task Wait_ForAResultThatIsStoredApart_ReadsIt()
    {
        var platform = Records.Accepting()
            .On((WaitJob _) => Records.Progress(Outcome.Success, new Body(null, Guid.NewGuid())))
            .On((FindJob _) => Records.Ended(Outcome.Success, ResultKind.Text, "long"));
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.PostAsync(Run, "[]", ("Prefer", "wait=1"))).Json.GetProperty("result").GetString().Should().Be("long");
        platform.Sent[^1].Should().BeOfType<FindJob>().Which.Parts.Should().Be(JobParts.Result);
    }

    [Fact]
    public async Task Wait_ThatFails_IsStillAnAcceptedJob()
    {
        var platform = Records.Accepting()
            .On((WaitJob _) => Result<JobProgress>.Fail(ErrorCode.Unavailable, "Not now."))
            .On((FindJob _) => Result<JobRecord>.Fail(ErrorCode.Unavailable, "Not now."));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, "[]", ("Prefer", "wait=1"));

        answer.Status.Should().Be(202);
        answer.Json.GetProperty("status").GetInt32().Should().Be(0);
    }

    private static JobSubmission Submitted(FakePlatform platform) =>
        platform.Sent.OfType<EnqueueJobs>().Single().Jobs.Single();
}
