using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Finding jobs, loading the unfinished ones, and their bodies.</summary>
public abstract class ReadContract : StoreContract
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await RegisterAsync();
    }

    [Fact]
    public async Task Find_WhenThereIsNoJob_SaysSo()
    {
        var job = NewJob();

        var found = await Jobs.FindAsync(job.Submission.Id, JobParts.Result, default);

        ShouldFail(found, ErrorCode.JobNotFound);
        found.Error!.Message.Should().Contain(job.Submission.Id.ToString());
    }

    [Fact]
    public async Task Find_WhenAJobWaits_GivesWhatWasSubmitted()
    {
        var job = NewJob(redriveOf: new JobId(1, 2));
        var binding = (await AddAsync(job)).New[0].Binding;

        var record = await FoundAsync(job, JobParts.Result | JobParts.Logs);

        record.Should().Be(new JobRecord(
            job.Submission.Id, job.Sequence, binding!, JobState.Queued, null, default, NowMs, 0, 0, 0, default,
            ResultKind.None, null, null, null, new JobId(1, 2)));
    }

    [Fact]
    public async Task Find_WhenAJobIsNotDueYet_IsDelayed()
    {
        var job = NewJob(dueAtMs: FarMs);
        await AddAsync(job);

        var record = await FoundAsync(job);

        record.State.Should().Be(JobState.Delayed);
        record.DueAtMs.Should().Be(FarMs);
    }

    [Theory]
    [InlineData(JobParts.None, false, false)]
    [InlineData(JobParts.Result, true, false)]
    [InlineData(JobParts.Logs, false, true)]
    [InlineData(JobParts.Result | JobParts.Logs, true, true)]
    public async Task Find_WhenPartsAreAskedFor_GivesThoseOnly(JobParts parts, bool withResult, bool withLogs)
    {
        var job = await AddedAsync();
        var end = Succeed(job, "3");
        await EndAsync(end with { End = end.End with { Logs = Body.Of(Utf8("[{}]")) } });

        var record = await FoundAsync(job, parts);

        record.Value.Should().BeEquivalentTo(withResult ? Utf8("3") : null);
        record.Logs.Should().BeEquivalentTo(withLogs ? Utf8("[{}]") : null);
    }

    [Fact]
    public async Task Find_WhenTheValueIsAPayload_ReadsIt()
    {
        var job = await AddedAsync();
        var (value, logs) = (await StoredAsync(100_000), await StoredAsync(70_000));
        var end = Succeed(job);
        await EndAsync(end with { End = end.End with { Value = new Body(null, value), Logs = new Body(null, logs) } });

        var record = await FoundAsync(job, JobParts.Result | JobParts.Logs);

        record.Value.Should().HaveCount(100_000);
        record.Logs.Should().HaveCount(70_000);
    }

    [Fact]
    public async Task ReadArguments_WhenAskedForMany_KeepsTheOrder()
    {
        var (first, second, unknown) = (await AddedAsync("[1]"), await AddedAsync("[2]"), NewJob());

        var bodies = await Jobs.ReadArgumentsAsync(
            [second.Submission.Id, unknown.Submission.Id, first.Submission.Id, second.Submission.Id], default);

        bodies.Value.Select(body => body is null ? null : System.Text.Encoding.UTF8.GetString(body))
            .Should().Equal("[2]", null, "[1]", "[2]");
    }

    [Fact]
    public async Task ReadArguments_WhenTheyAreAPayload_ReadsIt()
    {
        var job = NewJob(body: new Body(null, await StoredAsync(200_000)));
        await AddAsync(job);

        (await Jobs.ReadArgumentsAsync([job.Submission.Id], default)).Value[0].Should().HaveCount(200_000);
    }

    [Fact]
    public async Task ReadArguments_WhenTheyAreEmpty_GivesNoBytes()
    {
        var job = NewJob(body: Body.Empty);
        await AddAsync(job);

        (await Jobs.ReadArgumentsAsync([job.Submission.Id], default)).Value[0].Should().NotBeNull().And.BeEmpty();
    }

    [Fact]
    public async Task StorePayload_WhenRepeated_ChangesNothing()
    {
        var id = Guid.NewGuid();
        await Jobs.StorePayloadAsync(id, Utf8("first"), NowMs, default);

        (await Jobs.StorePayloadAsync(id, Utf8("other"), NowMs, default)).IsOk.Should().BeTrue();

        var job = NewJob(body: new Body(null, id));
        await AddAsync(job);
        (await Jobs.ReadArgumentsAsync([job.Submission.Id], default)).Value[0].Should().Equal(Utf8("first"));
    }

    [Fact]
    public async Task LoadUnfinished_WhenThereAreNone_IsEmpty()
    {
        var page = (await Jobs.LoadUnfinishedAsync(0, 10, default)).Value;

        page.Jobs.Should().BeEmpty();
        page.More.Should().BeFalse();
    }

    [Fact]
    public async Task LoadUnfinished_WhenThereAreMore_PagesInTheOrderOfSequences()
    {
        var jobs = Enumerable.Range(0, 7).Select(_ => NewJob()).ToArray();
        await AddAsync([.. jobs.Reverse()]);
        await EndAsync(Succeed(jobs[3]));

        var first = (await Jobs.LoadUnfinishedAsync(0, 4, default)).Value;
        var second = (await Jobs.LoadUnfinishedAsync(first.Jobs[^1].Sequence, 2, default)).Value;

        first.Jobs.Select(job => job.Sequence).Should().Equal(1, 2, 3, 5);
        first.More.Should().BeTrue();
        second.Jobs.Select(job => job.Sequence).Should().Equal(6, 7);
        second.More.Should().BeFalse();
    }

    [Fact]
    public async Task LoadUnfinished_WhenAJobWaits_GivesWhatTheQueueNeeds()
    {
        var job = NewJob(dueAtMs: NowMs + 5, expiresAtMs: NowMs + 9);
        var binding = (await AddAsync(job)).New[0].Binding;

        var row = (await UnfinishedAsync()).Single();

        row.Should().Be(new UnfinishedJob(
            job.Submission.Id, job.Sequence, binding!, default, NowMs, NowMs + 5, NowMs + 9, false));
    }

    [Fact]
    public async Task LoadUnfinished_WhenTheOwnerWasClosed_FlagsItsJobsOnly()
    {
        var old = await AddedAsync();
        await RegisterAsync("bob");
        var bobs = NewJob(user: "bob");
        await AddAsync(bobs);
        await RegisterAsync();
        var current = await AddedAsync();

        var rows = await UnfinishedAsync();

        rows.Where(row => row.OwnerClosed).Select(row => row.Id).Should().Equal(old.Submission.Id);
        rows.Where(row => !row.OwnerClosed).Select(row => row.Id)
            .Should().Equal(bobs.Submission.Id, current.Submission.Id);
    }

    [Fact]
    public async Task LoadUnfinished_WhenJobsHaveOneVersion_SharesTheBinding()
    {
        await AddedAsync();
        await AddedAsync();

        var rows = await UnfinishedAsync();

        rows[0].Binding.Should().BeSameAs(rows[1].Binding);
    }

    private async Task<Guid> StoredAsync(int length)
    {
        var id = Guid.NewGuid();
        (await Jobs.StorePayloadAsync(id, new byte[length], NowMs, default)).IsOk.Should().BeTrue();
        return id;
    }
}
