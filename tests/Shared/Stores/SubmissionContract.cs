using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Epochs, and new jobs in a commit.</summary>
public abstract class SubmissionContract : StoreContract
{
    [Fact]
    public async Task TakeEpoch_WhenTakenAgain_IsLarger()
    {
        var next = await Jobs.TakeEpochAsync(default);

        next.Value.Number.Should().BeGreaterThan(Epoch);
    }

    [Fact]
    public async Task LeaseKey_IsRandom_AndTheSameForEveryEpochAndReader()
    {
        var first = (await Jobs.TakeEpochAsync(default)).Value.LeaseKey;
        var next = (await Jobs.TakeEpochAsync(default)).Value.LeaseKey;
        var read = (await Jobs.ReadLeaseKeyAsync(default)).Value;

        first.Should().HaveCount(LeaseSealer.KeySize).And.Contain(part => part != 0);
        next.Should().Equal(first);
        read.Should().Equal(first);
    }

    [Fact]
    public async Task TakeEpoch_WhenNoJobWasEverStored_HasSequenceZero()
    {
        (await Jobs.TakeEpochAsync(default)).Value.LastSequence.Should().Be(0);
    }

    [Fact]
    public async Task TakeEpoch_WhenTheLastJobWasRemoved_StillKnowsItsSequence()
    {
        await RegisterAsync();
        var (first, last) = (NewJob(), NewJob());
        await AddAsync(first, last);
        await EndAsync(Succeed(last));
        (await SweepAllAsync(FarMs, FarMs)).Jobs.Should().Be(1);

        var epoch = await Jobs.TakeEpochAsync(default);

        epoch.Value.LastSequence.Should().Be(last.Sequence);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Commit_WhenTheEpochIsNotTheNewest_IsRefusedAndStoresNothing(int offset)
    {
        await RegisterAsync();
        var job = NewJob();

        var answer = await Jobs.CommitAsync(Commit(added: [job]) with { Epoch = Epoch + offset }, default);

        ShouldFail(answer, ErrorCode.LeaseLost);
        ShouldFail(await Jobs.FindAsync(job.Submission.Id, default, default), ErrorCode.JobNotFound);
    }

    [Fact]
    public async Task Commit_WhenTheEpochIsOver_RefusesEnds()
    {
        await RegisterAsync();
        var job = await AddedAsync();
        await Jobs.TakeEpochAsync(default);

        ShouldFail(await Jobs.CommitAsync(Commit(ended: [Succeed(job)]), default), ErrorCode.LeaseLost);
        (await FoundAsync(job)).Outcome.Should().BeNull();
    }

    [Fact]
    public async Task Commit_WhenAJobIsNew_BindsItToTheCurrentVersion()
    {
        var generation = await RegisterAsync(source: "() => 1");
        await Functions.RegisterAsync(User, Function, Utf8("() => 2"), NowMs, FunctionBounds.None, default);
        var job = NewJob();

        var outcome = (await AddAsync(job)).New[0];

        outcome.Should().Be(new NewJobOutcome(WriteStatus.Stored, job.Sequence, outcome.Binding, null));
        outcome.Binding!.Generation.Should().Be(generation);
        outcome.Binding.User.Should().Be(User);
        outcome.Binding.Function.Should().Be(Function);
        outcome.Binding.Version.Should().Be(2);
        outcome.Binding.Hash.Should().Be(SourceHash.Of(Utf8("() => 2")));
        outcome.Binding.Limits.Should().Be(FunctionLimits.Default);
    }

    [Fact]
    public async Task Commit_WhenTheFunctionIsRegisteredAnew_LeavesStoredJobsTheirVersion()
    {
        await RegisterAsync(source: "() => 1");
        var before = await AddedAsync();
        await Functions.RegisterAsync(User, Function, Utf8("() => 2"), NowMs, FunctionBounds.None, default);
        var after = await AddedAsync();

        (await FoundAsync(before)).Binding.Version.Should().Be(1);
        (await FoundAsync(after)).Binding.Version.Should().Be(2);
    }

    [Fact]
    public async Task Commit_WhenThereIsNoUser_RefusesTheJobByItself()
    {
        await RegisterAsync();
        var (orphan, job) = (NewJob(user: "nobody"), NewJob());

        var outcomes = (await AddAsync(orphan, job)).New;

        outcomes[0].Status.Should().Be(WriteStatus.Refused);
        outcomes[0].Error!.Code.Should().Be(ErrorCode.UserNotFound);
        outcomes[0].Error!.Message.Should().Contain("nobody");
        outcomes[1].Status.Should().Be(WriteStatus.Stored);
        ShouldFail(await Jobs.FindAsync(orphan.Submission.Id, default, default), ErrorCode.JobNotFound);
    }

    [Fact]
    public async Task Commit_WhenThereIsNoFunction_RefusesTheJobByItself()
    {
        await RegisterAsync();
        var (orphan, job) = (NewJob(function: "nothing"), NewJob());

        var outcomes = (await AddAsync(orphan, job)).New;

        outcomes[0].Status.Should().Be(WriteStatus.Refused);
        outcomes[0].Error!.Code.Should().Be(ErrorCode.FunctionNotFound);
        outcomes[0].Error!.Message.Should().Contain("nothing");
        outcomes[1].Status.Should().Be(WriteStatus.Stored);
    }

    [Fact]
    public async Task Commit_WhenTheFunctionWasDeleted_Refuses()
    {
        await RegisterAsync();
        await AddedAsync();
        await Functions.DeleteAsync(User, Function, default);

        (await AddAsync(NewJob())).New[0].Error!.Code.Should().Be(ErrorCode.FunctionNotFound);
    }

    [Fact]
    public async Task Commit_WhenTheUserWasClosed_Refuses()
    {
        await RegisterAsync();
        await AddedAsync();
        await Users.CloseAsync(User, default);

        (await AddAsync(NewJob())).New[0].Error!.Code.Should().Be(ErrorCode.UserNotFound);
    }

    [Fact]
    public async Task Commit_WhenTheUserWasReplaced_DoesNotKnowTheOldFunctions()
    {
        await RegisterAsync();
        await AddedAsync();
        await Users.RegisterAsync(User, NowMs, default);

        (await AddAsync(NewJob())).New[0].Error!.Code.Should().Be(ErrorCode.FunctionNotFound);
    }

    [Fact]
    public async Task Commit_WhenRepeatedUnchanged_GivesTheSameAnswer()
    {
        await RegisterAsync();
        var commit = Commit(added: [NewJob(), NewJob(user: "nobody"), NewJob()]);

        var first = await StoreAsync(commit);
        var second = await StoreAsync(commit);

        second.New.Should().BeEquivalentTo(first.New, options => options.WithStrictOrdering());
        (await UnfinishedAsync()).Should().HaveCount(2);
    }

    [Fact]
    public async Task Commit_WhenAJobComesAgainWithAnotherSequence_GivesTheStoredOne()
    {
        await RegisterAsync();
        var job = await AddedAsync();
        await Functions.RegisterAsync(User, Function, Utf8("() => 2"), NowMs, FunctionBounds.None, default);

        var outcome = (await AddAsync(job with { Sequence = 77 })).New[0];

        outcome.Status.Should().Be(WriteStatus.Stored);
        outcome.Sequence.Should().Be(job.Sequence);
        outcome.Binding!.Version.Should().Be(1);
        (await UnfinishedAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task Commit_WhenAStoredJobComesAgainAfterItsUserClosed_IsStillStored()
    {
        await RegisterAsync();
        var job = await AddedAsync();
        await Users.CloseAsync(User, default);

        (await AddAsync(job)).New[0].Status.Should().Be(WriteStatus.Stored);
    }

    [Fact]
    public async Task Commit_WhenAnEndedJobComesAgain_IgnoresIt()
    {
        await RegisterAsync();
        var job = await AddedAsync();
        await EndAsync(Succeed(job));

        (await AddAsync(job)).New[0].Status.Should().Be(WriteStatus.Ignored);
        (await FoundAsync(job)).State.Should().Be(JobState.Succeeded);
    }

    [Fact]
    public async Task Commit_WhenADeletedJobComesAgain_IgnoresIt()
    {
        await RegisterAsync();
        var job = await AddedAsync();
        await EndAsync(Succeed(job));
        await StoreAsync(Commit(deleted: [job.Submission.Id]));

        (await AddAsync(job)).New[0].Status.Should().Be(WriteStatus.Ignored);
        ShouldFail(await Jobs.FindAsync(job.Submission.Id, default, default), ErrorCode.JobNotFound);
    }

    [Fact]
    public async Task Commit_WhenTheSequenceIsAnothersAlready_LosesNeitherJob()
    {
        await RegisterAsync();
        var job = await AddedAsync();
        var (intruder, innocent) = (NewJob() with { Sequence = job.Sequence }, NewJob());

        var outcomes = (await AddAsync(intruder, innocent)).New;

        outcomes[0].Status.Should().Be(WriteStatus.Refused);
        outcomes[1].Status.Should().Be(WriteStatus.Stored);
        (await UnfinishedAsync()).Select(row => row.Id).Should().Equal(job.Submission.Id, innocent.Submission.Id);
    }

    [Fact]
    public async Task Commit_OfAJobThatNamesAVersion_BindsItToThatOne()
    {
        await RegisterAsync(source: "() => 1");
        var old = (await AddAsync(NewJob())).New[0].Binding!;
        (await Functions.RegisterAsync(User, Function, Utf8("() => 2"), NowMs, FunctionBounds.None, default)).Value.Should().Be(2);

        var stored = await AddAsync(NewJob(versionId: old.VersionId), NewJob());

        stored.New.Select(row => row.Binding!.Version).Should().Equal(1, 2);
        stored.New[0].Binding.Should().BeEquivalentTo(old);
        (await UnfinishedAsync()).Select(job => job.Binding.Version).Should().Equal(1, 1, 2);
    }

    /// <summary>A version's number on the wire is not a way to somebody else's source.</summary>
    [Fact]
    public async Task Commit_OfAJobThatNamesAnotherFunctionsVersion_IsRefused()
    {
        await RegisterAsync("bob");
        var bobs = (await AddAsync(NewJob(user: "bob"))).New[0].Binding!.VersionId;
        await RegisterAsync();
        var own = (await AddAsync(NewJob())).New[0].Binding!.VersionId;
        (await Functions.RegisterAsync(User, "other", Utf8("() => 2"), NowMs, FunctionBounds.None, default)).IsOk.Should().BeTrue();

        var stored = await AddAsync(NewJob(versionId: bobs), NewJob(function: "other", versionId: own), NewJob(versionId: long.MaxValue));

        stored.New.Should().OnlyContain(row => row.Status == WriteStatus.Refused && row.Error!.Code == ErrorCode.VersionNotFound);
    }

    [Fact]
    public async Task Commit_OfAJobThatNamesAVersion_RepeatedWhenTheFunctionIsGone_GivesTheSameAnswer()
    {
        await RegisterAsync();
        var version = (await AddAsync(NewJob())).New[0].Binding!.VersionId;
        var job = NewJob(versionId: version);
        await AddAsync(job);
        (await Functions.DeleteAsync(User, Function, default)).Value.Should().BeTrue();

        var again = await AddAsync(job);
        var late = await AddAsync(NewJob(versionId: version));

        again.New[0].Status.Should().Be(WriteStatus.Stored);
        late.New[0].Error!.Code.Should().Be(ErrorCode.FunctionNotFound);
    }
}
