using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Idempotency keys: an owner's key is one job's for a day, whatever has become of the job.</summary>
public abstract class IdempotencyContract : StoreContract
{
    private const long DayMs = IdempotencyKey.KeptMs;

    [Fact]
    public async Task Key_ThatIsUsed_NamesItsJob_AndAnotherRequestIsAConflict()
    {
        await RegisterAsync();
        var first = Keyed("k", 1);
        (await AddAsync(first)).New[0].Status.Should().Be(WriteStatus.Stored);

        var answers = (await AddAsync(Keyed("k", 1), Keyed("k", 2), Keyed("other", 1), Keyed("K", 1))).New;

        ShouldName(answers[0], first);
        (answers[1].Status, answers[1].Error!.Code).Should().Be((WriteStatus.Refused, ErrorCode.Conflict));
        answers[2].Status.Should().Be(WriteStatus.Stored);
        answers[3].Status.Should().Be(WriteStatus.Stored, "keys are told apart by case");
    }

    [Fact]
    public async Task Key_TwiceInOneCommit_IsTheFirstsOnly()
    {
        await RegisterAsync();
        var (first, second) = (Keyed("k", 1), Keyed("k", 1));

        var answers = (await AddAsync(first, second)).New;

        answers[0].Status.Should().Be(WriteStatus.Stored);
        ShouldName(answers[1], first);
    }

    [Fact]
    public async Task Commit_Repeated_IsAnsweredLikeTheFirstTime()
    {
        await RegisterAsync();
        var job = Keyed("k", 1);
        var first = await AddAsync(job);

        (await AddAsync(job)).New[0].Should().Be(first.New[0]);
        await EndAsync(Succeed(job));
        (await AddAsync(job)).New[0].Status.Should().Be(WriteStatus.Ignored);
        ShouldName((await AddAsync(Keyed("k", 1))).New[0], job);
    }

    [Fact]
    public async Task Key_OfWhatWasRefused_IsFree()
    {
        await RegisterAsync();

        var answers = (await AddAsync(Keyed("k", 1, function: "nothing"), Keyed("k", 2))).New;

        answers[0].Error!.Code.Should().Be(ErrorCode.FunctionNotFound);
        answers[1].Status.Should().Be(WriteStatus.Stored);
    }

    [Fact]
    public async Task Key_IsKnown_WhenItsFunctionOrItsJobIsGone()
    {
        await RegisterAsync();
        var job = Keyed("k", 1);
        await AddAsync(job);
        await EndAsync(Succeed(job));
        await StoreAsync(Commit(deleted: [job.Submission.Id]));
        await Functions.DeleteAsync(User, Function, Unnoted.Note(), default);

        (await SweepAllAsync(FarMs, FarMs, keyedBeforeMs: NowMs)).Jobs.Should().Be(0, "the key is not old yet");
        ShouldName((await AddAsync(Keyed("k", 1))).New[0], job);

        (await SweepAllAsync(FarMs, FarMs, keyedBeforeMs: NowMs + 21)).Jobs.Should().Be(1);
        (await AddAsync(Keyed("k", 1))).New[0].Error!.Code.Should().Be(ErrorCode.FunctionNotFound);
    }

    [Fact]
    public async Task Key_AfterADay_IsTheNextJobs()
    {
        await RegisterAsync();
        var first = Keyed("k", 1);
        await AddAsync(first);

        ShouldName((await AddAsync(Keyed("k", 1, submittedAtMs: NowMs + DayMs - 1))).New[0], first);
        var second = Keyed("k", 2, submittedAtMs: NowMs + DayMs);
        (await AddAsync(second)).New[0].Status.Should().Be(WriteStatus.Stored);

        ShouldName((await AddAsync(Keyed("k", 2, submittedAtMs: NowMs + DayMs + 1))).New[0], second);
        (await FoundAsync(first)).State.Should().Be(JobState.Queued, "it goes on without its key");
    }

    [Fact]
    public async Task Key_OfAnotherOwnerOrGeneration_IsAnother()
    {
        await RegisterAsync();
        await RegisterAsync("bob");
        await AddAsync(Keyed("k", 1));

        (await AddAsync(Keyed("k", 1, user: "bob"))).New[0].Status.Should().Be(WriteStatus.Stored);
        await RegisterAsync();
        (await AddAsync(Keyed("k", 1))).New[0].Status.Should().Be(WriteStatus.Stored);
    }

    private static void ShouldName(NewJobOutcome outcome, NewJob job) =>
        (outcome.Status, outcome.Error?.Code, outcome.Error?.Job).Should().Be(
            (WriteStatus.Refused, ErrorCode.AlreadySubmitted, job.Submission.Id));

    private NewJob Keyed(string key, int print, string user = User, string function = Function, long submittedAtMs = NowMs)
    {
        var job = NewJob(user, function);
        return job with
        {
            Submission = job.Submission with { SubmittedAtMs = submittedAtMs, Idempotency = new IdempotencyKey(key, (UInt128)print) },
        };
    }
}
