using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Stores;

/// <summary>What retention removes, and what it must not.</summary>
public abstract class RetentionContract : StoreContract
{
    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await RegisterAsync();
    }

    [Fact]
    public async Task Sweep_WhenNothingIsPastItsTime_RemovesNothing()
    {
        var job = await AddedAsync();
        await EndAsync(Succeed(job, endedAtMs: NowMs + 20));

        (await SweepAllAsync(NowMs + 20, NowMs)).Should().Be(new RetentionSweep(0, 0));

        (await FoundAsync(job)).State.Should().Be(JobState.Succeeded);
    }

    [Fact]
    public async Task Sweep_WhenAJobEndedBefore_RemovesItWithItsBodies()
    {
        var job = await AddedAsync();
        await EndAsync(Succeed(job, endedAtMs: NowMs + 20));

        (await SweepAllAsync(NowMs + 21, NowMs)).Should().Be(new RetentionSweep(1, 0));

        ShouldFail(await Jobs.FindAsync(job.Submission.Id, default, default), ErrorCode.JobNotFound);
        (await Jobs.ReadArgumentsAsync([job.Submission.Id], default)).Value.Should().Equal([null]);
    }

    [Fact]
    public async Task Sweep_WhenAJobHasNotEnded_NeverRemovesIt()
    {
        var (waiting, delayed) = (await AddedAsync(), NewJob(dueAtMs: FarMs));
        await AddAsync(delayed);
        await StoreAsync(Commit(retried: [Retry(waiting, 1, wallUs: 5)]));

        (await SweepAllAsync(FarMs, FarMs)).Jobs.Should().Be(0);

        (await UnfinishedAsync()).Should().HaveCount(2);
        (await Jobs.ReadArgumentsAsync([waiting.Submission.Id], default)).Value[0].Should().Equal(Utf8("[1,2]"));
    }

    [Fact]
    public async Task Sweep_WhenBilledJobsGo_KeepsTheSum()
    {
        var jobs = Enumerable.Range(0, 30).Select(_ => NewJob()).ToArray();
        await AddAsync(jobs);
        await StoreAsync(Commit(retried: jobs[..10].Select(job => Retry(job, 1, wallUs: 1_000_000))));
        await EndAsync([.. jobs.Select((job, at) =>
            Succeed(job, wallUs: at, attempt: 2, endedAtMs: NowMs + (at % 3 * DayMs)))]);
        var before = await SumUsAsync();

        (await SweepAllAsync(NowMs + DayMs, NowMs)).Jobs.Should().Be(10);
        var between = await SumUsAsync();
        (await SweepAllAsync(FarMs, NowMs)).Jobs.Should().Be(20);
        var after = await SumUsAsync();

        before.Should().Be(10_000_000 + Enumerable.Range(0, 30).Sum());
        new[] { between, after }.Should().Equal(before, before);
    }

    [Fact]
    public async Task Sweep_WhenAJobWasDeleted_RemovesItsRowOnceItIsOld()
    {
        var job = await AddedAsync();
        await EndAsync(Succeed(job, wallUs: 9, endedAtMs: NowMs + 20));
        await StoreAsync(Commit(deleted: [job.Submission.Id]));

        (await SweepAllAsync(NowMs, NowMs + HourMs)).Jobs.Should().Be(1);

        (await SumUsAsync()).Should().Be(9);
    }

    [Fact]
    public async Task Sweep_WhenThereIsMuchToRemove_TakesAtMostFiveHundredRows()
    {
        var jobs = Enumerable.Range(0, 620).Select(_ => NewJob()).ToArray();
        await AddAsync(jobs);
        await EndAsync([.. jobs.Select(job => Cancel(job))]);
        await StorePayloadAsync();

        var first = (await Jobs.SweepAsync(FarMs, FarMs, FarMs, default)).Value;

        (first.Jobs + first.Payloads).Should().BeInRange(1, 500);
        (await SweepAllAsync(FarMs, FarMs)).Jobs.Should().Be(620 - first.Jobs);
    }

    [Fact]
    public async Task Sweep_WhenAPayloadHasNoOwner_RemovesItOnceItIsOld()
    {
        await StorePayloadAsync();

        (await SweepAllAsync(0, NowMs)).Payloads.Should().Be(0);
        (await SweepAllAsync(0, NowMs + 1)).Payloads.Should().Be(1);
    }

    [Fact]
    public async Task Sweep_WhenAJobRefersToAPayload_KeepsIt()
    {
        var job = NewJob(body: new Body(null, await StorePayloadAsync()));
        await AddAsync(job);

        (await SweepAllAsync(FarMs, FarMs)).Payloads.Should().Be(0);

        (await ArgumentsAsync(job)).Should().NotBeNull();
    }

    [Fact]
    public async Task Sweep_WhenAnotherJobRefersToThePayloadToo_KeepsItForThatOne()
    {
        var payload = new Body(null, await StorePayloadAsync());
        var (first, redriven) = (NewJob(body: payload), NewJob(body: payload));
        await AddAsync(first, redriven);
        await EndAsync(Succeed(first), Succeed(redriven));

        await StoreAsync(Commit(deleted: [redriven.Submission.Id]));
        await SweepAllAsync(0, FarMs);

        (await ArgumentsAsync(first)).Should().NotBeNull();
    }

    [Fact]
    public async Task Sweep_WhenTheOwnerOfAPayloadIsGone_LeavesNoPayload()
    {
        var id = await StorePayloadAsync();
        var job = NewJob(body: new Body(null, id));
        await AddAsync(job);
        await EndAsync(Succeed(job));
        await StoreAsync(Commit(deleted: [job.Submission.Id]));
        await SweepAllAsync(FarMs, FarMs);

        var late = NewJob(body: new Body(null, id));
        var outcome = (await AddAsync(late)).New[0];

        outcome.Status.Should().Be(WriteStatus.Refused, "a job whose arguments are gone can never run");
    }

    private async Task<byte[]?> ArgumentsAsync(NewJob job) =>
        (await Jobs.ReadArgumentsAsync([job.Submission.Id], default)).Value[0];

    private async Task<Guid> StorePayloadAsync()
    {
        var id = Guid.NewGuid();
        await Jobs.StorePayloadAsync(id, new byte[50_000], NowMs, default);
        return id;
    }
}
