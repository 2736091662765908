using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Ends, retries and deletions in a commit.</summary>
public abstract class EndContract : StoreContract
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await RegisterAsync();
    }

    [Fact]
    public async Task Commit_WhenAJobEnds_StoresStateResultAndBillTogether()
    {
        var job = await AddedAsync();

        var answer = await EndAsync(Succeed(job, "[3]", wallUs: 1_234));

        answer.Ended.Should().Equal(WriteStatus.Stored);
        var record = await FoundAsync(job, JobParts.Result);
        record.State.Should().Be(JobState.Succeeded);
        record.Outcome.Should().Be(Outcome.Success);
        record.Kind.Should().Be(ResultKind.Json);
        record.Value.Should().Equal(Utf8("[3]"));
        record.Error.Should().BeNull();
        record.Counts.Should().Be(new AttemptCounts(1, 0, 0));
        record.StartedAtMs.Should().Be(NowMs + 10);
        record.EndedAtMs.Should().Be(NowMs + 20);
        record.Usage.Should().Be(Used(1_234));
        (await SumUsAsync()).Should().Be(1_234);
    }

    [Fact]
    public async Task Commit_WhenAnEndIsRepeated_GivesTheSameAnswerAndBillsOnce()
    {
        var job = await AddedAsync();
        var end = Succeed(job, wallUs: 1_000);

        var answers = new[] { await EndAsync(end), await EndAsync(end) };

        answers.Should().AllSatisfy(answer => answer.Ended.Should().Equal(WriteStatus.Stored));
        (await SumUsAsync()).Should().Be(1_000);
    }

    [Fact]
    public async Task Commit_WhenTheJobHasEndedOtherwise_ChangesNothing()
    {
        var job = await AddedAsync();
        await EndAsync(Succeed(job, "1", wallUs: 1_000));

        var answer = await EndAsync(Succeed(job, "2", wallUs: 5_000, attempt: 2, endedAtMs: NowMs + 99), Cancel(job));

        answer.Ended.Should().Equal(WriteStatus.Ignored, WriteStatus.Ignored);
        (await FoundAsync(job, JobParts.Result)).Value.Should().Equal(Utf8("1"));
        (await SumUsAsync()).Should().Be(1_000);
    }

    [Fact]
    public async Task Commit_WhenTheEndedJobIsNotKnown_IgnoresIt()
    {
        (await EndAsync(Succeed(NewJob()))).Ended.Should().Equal(WriteStatus.Ignored);
        (await SumUsAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Commit_WhenNoAttemptRan_EndsWithoutABill()
    {
        var job = await AddedAsync();

        (await EndAsync(Cancel(job))).Ended.Should().Equal(WriteStatus.Stored);

        var record = await FoundAsync(job, JobParts.Result);
        record.State.Should().Be(JobState.Cancelled);
        record.StartedAtMs.Should().Be(0);
        record.Error!.Text.Should().Be("CancelledError: Its owner stopped it.");
        record.Value.Should().BeNull();
        (await SumUsAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Commit_WhenAnAttemptThrew_KeepsWhatItThrew()
    {
        var job = await AddedAsync();
        var error = new FunctionError("TypeError", "x is not a function", "at add (1:17)");
        var end = Succeed(job) with
        {
            State = JobState.Failed,
            End = new AttemptEnd(Outcome.UserError, ResultKind.None, Body.Empty, error, Body.Empty, Used(10)),
        };

        await EndAsync(end);

        var record = await FoundAsync(job, JobParts.Result);
        record.Error.Should().Be(error);
        record.Value.Should().BeNull();
        (await FoundAsync(job)).Error.Should().BeNull();
    }

    [Fact]
    public async Task Commit_WhenTheResultIsAnEmptyText_TheResultIsThere()
    {
        var job = await AddedAsync();
        var end = Succeed(job);

        await EndAsync(end with { End = end.End with { Kind = ResultKind.Text, Value = Body.Empty } });

        (await FoundAsync(job, JobParts.Result)).Value.Should().NotBeNull().And.BeEmpty();
    }

    [Fact]
    public async Task Commit_WhenTheOwnerIsClosed_StillStoresTheEnd()
    {
        var job = await AddedAsync();
        await Users.RegisterAsync(User, NowMs, default);

        (await EndAsync(Succeed(job, wallUs: 1_000))).Ended.Should().Equal(WriteStatus.Stored);

        (await SumUsAsync()).Should().Be(0, "the bill belongs to the closed generation");
    }

    [Fact]
    public async Task Commit_WhenAnAttemptIsRetried_CountsAndBillsItAndTheJobGoesOn()
    {
        var job = await AddedAsync();

        var answer = await StoreAsync(Commit(retried: [Retry(job, 1, wallUs: 700, dueAtMs: FarMs)]));

        answer.Retried.Should().Equal(WriteStatus.Stored);
        var record = await FoundAsync(job);
        record.State.Should().Be(JobState.Delayed);
        record.Counts.Should().Be(new AttemptCounts(1, 1, 0));
        record.DueAtMs.Should().Be(FarMs);
        record.StartedAtMs.Should().Be(NowMs + 10);
        record.EndedAtMs.Should().Be(0);
        record.Usage.Should().Be(Used(700));
        (await UnfinishedAsync()).Single().Counts.Should().Be(new AttemptCounts(1, 1, 0));
        (await SumUsAsync()).Should().Be(700);
    }

    [Fact]
    public async Task Commit_WhenNobodyKnowsWhatTheAttemptUsed_CountsWithoutABill()
    {
        var job = await AddedAsync();

        await StoreAsync(Commit(retried: [Retry(job, 1, wallUs: null)]));

        (await FoundAsync(job)).Counts.Ended.Should().Be(1);
        (await SumUsAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Commit_WhenARetryIsRepeated_BillsOnce()
    {
        var job = await AddedAsync();
        var commit = Commit(retried: [Retry(job, 1, wallUs: 700)]);

        var answers = new[] { await StoreAsync(commit), await StoreAsync(commit) };

        answers.Should().AllSatisfy(answer => answer.Retried.Should().Equal(WriteStatus.Stored));
        (await SumUsAsync()).Should().Be(700);
    }

    [Fact]
    public async Task Commit_WhenAnOlderRetryComesLate_IgnoresIt()
    {
        var job = await AddedAsync();
        await StoreAsync(Commit(retried: [Retry(job, 2, wallUs: 700)]));

        (await StoreAsync(Commit(retried: [Retry(job, 1, wallUs: 9)]))).Retried.Should().Equal(WriteStatus.Ignored);

        (await FoundAsync(job)).Counts.Ended.Should().Be(2);
    }

    [Fact]
    public async Task Commit_WhenTheRetriedJobHasEndedOrIsNotKnown_IgnoresIt()
    {
        var job = await AddedAsync();
        await EndAsync(Succeed(job, wallUs: 1_000));

        var answer = await StoreAsync(Commit(retried: [Retry(job, 2, wallUs: 700), Retry(NewJob(), 1, wallUs: 700)]));

        answer.Retried.Should().Equal(WriteStatus.Ignored, WriteStatus.Ignored);
        (await SumUsAsync()).Should().Be(1_000);
    }

    [Fact]
    public async Task Commit_WhenAttemptsAreRetriedAndOneEnds_BillsEachOne()
    {
        var job = await AddedAsync();
        await StoreAsync(Commit(retried: [Retry(job, 1, wallUs: 100)]));
        await StoreAsync(Commit(retried: [Retry(job, 2, wallUs: 20)]));

        await EndAsync(Succeed(job, wallUs: 3, attempt: 3));

        (await SumUsAsync()).Should().Be(123);
    }

    [Fact]
    public async Task Commit_WhenARetriedJobEndsUnrun_KeepsTheLastAttempt()
    {
        var job = await AddedAsync();
        await StoreAsync(Commit(retried: [Retry(job, 1, wallUs: 100)]));

        await EndAsync(Cancel(job, attempts: 1));

        var record = await FoundAsync(job);
        record.State.Should().Be(JobState.Cancelled);
        record.Counts.Ended.Should().Be(1);
        record.StartedAtMs.Should().Be(NowMs + 10);
        record.Usage.Should().Be(Used(100));
        (await SumUsAsync()).Should().Be(100);
    }

    [Fact]
    public async Task Commit_WhenAFinishedJobIsDeleted_HidesIt()
    {
        var job = await AddedAsync();
        await EndAsync(Succeed(job, wallUs: 1_000));

        (await StoreAsync(Commit(deleted: [job.Submission.Id]))).Deleted.Should().Equal(true);

        ShouldFail(await Jobs.FindAsync(job.Submission.Id, JobParts.Result, default), ErrorCode.JobNotFound);
        (await Jobs.ReadArgumentsAsync([job.Submission.Id], default)).Value.Should().Equal([null]);
        (await SumUsAsync()).Should().Be(1_000, "what was used stays billed");
    }

    [Fact]
    public async Task Commit_WhenThereIsNothingToDelete_SaysSo()
    {
        var (waiting, gone) = (await AddedAsync(), await AddedAsync());
        await EndAsync(Succeed(gone));
        await StoreAsync(Commit(deleted: [gone.Submission.Id]));

        var answer = await StoreAsync(
            Commit(deleted: [gone.Submission.Id, NewJob().Submission.Id, waiting.Submission.Id]));

        answer.Deleted.Should().Equal(false, false, false);
        (await FoundAsync(waiting)).State.Should().Be(JobState.Queued);
    }

    [Fact]
    public async Task Commit_WhenItHasRowsOfEveryKind_AnswersInTheOrderOfEachList()
    {
        var (ending, retrying, deleting) = (await AddedAsync(), await AddedAsync(), await AddedAsync());
        await EndAsync(Succeed(deleting));

        var answer = await StoreAsync(Commit(
            [NewJob(), NewJob(user: "nobody")], [Succeed(NewJob()), Succeed(ending)],
            [Retry(retrying, 1, 5), Retry(NewJob(), 1, 5)], [NewJob().Submission.Id, deleting.Submission.Id]));

        answer.New.Select(row => row.Status).Should().Equal(WriteStatus.Stored, WriteStatus.Refused);
        answer.Ended.Should().Equal(WriteStatus.Ignored, WriteStatus.Stored);
        answer.Retried.Should().Equal(WriteStatus.Stored, WriteStatus.Ignored);
        answer.Deleted.Should().Equal(false, true);
    }
}
