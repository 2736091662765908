using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Finding jobs again: which, in which order, by pages that nothing disturbs.</summary>
public abstract class ListContract : StoreContract
{
    private static readonly JobQuery Everything = new(User, null, null, false, 0, 0, 0, 10);

    protected IJobLists Lists => Stores.Lists;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await RegisterAsync();
    }

    [Fact]
    public async Task List_OfAUserWithoutJobs_IsEmpty()
    {
        var page = await ListAsync(Everything);

        page.Jobs.Should().BeEmpty();
        page.Next.Should().Be(0);
    }

    [Fact]
    public async Task List_OfWhatIsNotThere_SaysSo()
    {
        ShouldFail(await Lists.ListAsync(Everything with { User = "nobody" }, default), ErrorCode.UserNotFound);
        ShouldFail(await Lists.ListAsync(Everything with { Function = "nothing" }, default), ErrorCode.FunctionNotFound);
    }

    [Fact]
    public async Task List_IsNewestFirst_WithErrorsAndWithoutResults()
    {
        var jobs = await AddedJobsAsync(3);
        await EndAsync(Succeed(jobs[0]), End(jobs[1], Outcome.UserError));

        var page = await ListAsync(Everything);

        page.Next.Should().Be(0);
        page.Jobs.Select(job => job.Id).Should().Equal(jobs[2].Submission.Id, jobs[1].Submission.Id, jobs[0].Submission.Id);
        page.Jobs.Select(job => job.State).Should().Equal(JobState.Queued, JobState.Failed, JobState.Succeeded);
        page.Jobs[1].Error.Should().NotBeNull();
        page.Jobs[1].Error!.Message.Should().Be("It ended so.");
        page.Jobs.Should().OnlyContain(job => job.Value == null && job.Logs == null);
        page.Jobs[0].Should().BeEquivalentTo(await FoundAsync(jobs[2]));
    }

    [Fact]
    public async Task List_ByPages_LosesNothingAndShowsNothingTwice_WhateverHappensMeanwhile()
    {
        var jobs = await AddedJobsAsync(9);
        var seen = new List<JobId>();

        var first = await ListAsync(Everything with { Max = 4 });
        seen.AddRange(first.Jobs.Select(job => job.Id));
        await AddedJobsAsync(3);
        await EndAsync(Succeed(jobs[0]), End(jobs[7], Outcome.Crashed));
        var second = await ListAsync(Everything with { Max = 4, Before = first.Next });
        seen.AddRange(second.Jobs.Select(job => job.Id));
        await EndAsync(End(jobs[2], Outcome.UserError));
        var third = await ListAsync(Everything with { Max = 4, Before = second.Next });
        seen.AddRange(third.Jobs.Select(job => job.Id));

        seen.Should().Equal(jobs.Reverse().Select(job => job.Submission.Id));
        third.Next.Should().Be(0);
        third.Jobs[^1].State.Should().Be(JobState.Succeeded);
    }

    [Fact]
    public async Task List_WhenThePageEndsWithTheLastJob_HasNoNextOne()
    {
        await AddedJobsAsync(4);

        (await ListAsync(Everything with { Max = 4 })).Next.Should().Be(0);
        (await ListAsync(Everything with { Max = 3 })).Next.Should().BePositive();
    }

    [Theory]
    [InlineData(JobState.Delayed, 1)]
    [InlineData(JobState.Queued, 0)]
    [InlineData(JobState.Succeeded, 2)]
    [InlineData(JobState.Failed, 3)]
    [InlineData(JobState.DeadLettered, 4)]
    [InlineData(JobState.Cancelled, 5)]
    [InlineData(JobState.Expired, 6)]
    public async Task List_OfAState_HasThoseOnly(JobState state, int expected)
    {
        var jobs = await InEveryStateAsync();

        var page = await ListAsync(Everything with { State = state });

        page.Jobs.Select(job => job.Id).Should().Equal(jobs[expected].Submission.Id);
        page.Jobs[0].State.Should().Be(state);
        (await ListAsync(Everything with { State = state, Function = Function })).Jobs.Should().HaveCount(1);
        (await ListAsync(Everything with { State = state, Function = "other" })).Jobs.Should().BeEmpty();
    }

    [Fact]
    public async Task List_OfWhatHasNotEnded_HasThoseOnly()
    {
        var jobs = await InEveryStateAsync();

        var page = await ListAsync(Everything with { Unfinished = true });

        page.Jobs.Select(job => job.Id).Should().Equal(jobs[1].Submission.Id, jobs[0].Submission.Id);
    }

    [Fact]
    public async Task List_OfAFunction_HasItsJobs_OfAllVersionsAndWhenItIsDeleted()
    {
        await RegisterFunctionAsync("other", "() => 2");
        var first = await AddedAsync();
        await AddAsync(NewJob(function: "other"));
        await RegisterFunctionAsync(Function, "() => 3");
        var second = await AddedAsync();
        (await Functions.DeleteAsync(User, Function, default)).Value.Should().BeTrue();

        var page = await ListAsync(Everything with { Function = Function });

        page.Jobs.Select(job => job.Id).Should().Equal(second.Submission.Id, first.Submission.Id);
        page.Jobs.Select(job => job.Binding.Version).Should().Equal(2, 1);
    }

    [Fact]
    public async Task List_ByTime_IsOfTheTimeOfSubmission()
    {
        var jobs = new List<NewJob>();
        for (var at = 0; at < 6; at++)
        {
            var job = NewJob();
            jobs.Add(job with { Submission = job.Submission with { SubmittedAtMs = NowMs + (at * 3_600_000) } });
        }
        await AddAsync([.. jobs]);

        var page = await ListAsync(Everything with { FromMs = NowMs + 3_600_000, ToMs = NowMs + (4 * 3_600_000) });

        page.Jobs.Select(job => job.Id).Should().Equal(jobs[3].Submission.Id, jobs[2].Submission.Id, jobs[1].Submission.Id);
        page.Next.Should().Be(0);
        (await ListAsync(Everything with { FromMs = NowMs + 1, ToMs = NowMs + 2 })).Jobs.Should().BeEmpty();
        (await ListAsync(Everything with { ToMs = NowMs + 1 })).Jobs.Should().HaveCount(1);
        (await ListAsync(Everything with { FromMs = NowMs + (5 * 3_600_000) })).Jobs.Should().HaveCount(1);
    }

    /// <summary>Frontends' clocks are not one clock: the order of submissions is not wholly that of their times.</summary>
    [Fact]
    public async Task List_ByTime_FindsJobsOfClocksThatAreOff()
    {
        long[] times = [0, 600_000, 1_000, 700_000, 2_000, 2 * 3_600_000, 3 * 3_600_000];
        var jobs = times.Select(time =>
        {
            var job = NewJob();
            return job with { Submission = job.Submission with { SubmittedAtMs = NowMs + time } };
        }).ToArray();
        await AddAsync(jobs);

        var page = await ListAsync(Everything with { ToMs = NowMs + 5_000 });

        page.Jobs.Select(job => job.SubmittedAtMs - NowMs).Should().Equal(2_000, 1_000, 0);
    }

    [Fact]
    public async Task List_HasNothingOfOthers_NorOfAnEarlierGeneration_NorWhatWasDeleted()
    {
        await AddedJobsAsync(2);
        await RegisterAsync("bob");
        await AddAsync(NewJob(user: "bob"));
        await RegisterAsync();
        var kept = await AddedAsync();
        var deleted = await AddedAsync();
        await EndAsync(Succeed(deleted));
        await StoreAsync(Commit(deleted: [deleted.Submission.Id]));

        (await ListAsync(Everything)).Jobs.Select(job => job.Id).Should().Equal(kept.Submission.Id);
    }

    [Fact]
    public async Task List_ByIds_HasThoseOfTheUserOnly()
    {
        var jobs = await AddedJobsAsync(3);
        await RegisterAsync("bob");
        var bobs = NewJob(user: "bob");
        await AddAsync(bobs);

        var page = await ListAsync(Everything with
        {
            Ids = [jobs[0].Submission.Id, bobs.Submission.Id, jobs[2].Submission.Id, new JobId(9, 9)], Unfinished = true,
        });

        page.Jobs.Select(job => job.Id).Should().Equal(jobs[2].Submission.Id, jobs[0].Submission.Id);
    }

    [Fact]
    public async Task ReadLogs_GivesEndedJobsThatWrote_NewestFirst_WhereverTheirLinesAre()
    {
        var jobs = await AddedJobsAsync(4);
        var payload = Guid.NewGuid();
        await Jobs.StorePayloadAsync(payload, Utf8("[" + new string(' ', 20_000) + "]"), NowMs, default);
        await EndAsync(
            Logging(jobs[0], Body.Of(Utf8("[1]"))), Logging(jobs[1], Body.Empty), Logging(jobs[2], new Body(null, payload)));

        var all = (await Lists.ReadLogsAsync(Everything, 1 << 20, default)).Value;
        var first = (await Lists.ReadLogsAsync(Everything with { Max = 1 }, 1 << 20, default)).Value;
        var small = (await Lists.ReadLogsAsync(Everything, 1_000, default)).Value;
        var rest = (await Lists.ReadLogsAsync(Everything with { Before = small.Next }, 1_000, default)).Value;
        var one = (await Lists.ReadLogsAsync(Everything with { Ids = [jobs[0].Submission.Id, jobs[3].Submission.Id] }, 1 << 20, default)).Value;
        var ofFunction = (await Lists.ReadLogsAsync(Everything with { Function = Function }, 1 << 20, default)).Value;

        all.Jobs.Select(logged => logged.Job.Id).Should().Equal(jobs[2].Submission.Id, jobs[0].Submission.Id);
        all.Jobs.Select(logged => logged.Logs.Length).Should().Equal(20_002, 3);
        all.Next.Should().Be(0);
        first.Jobs.Should().HaveCount(1);
        first.Next.Should().BePositive();
        small.Jobs.Select(logged => logged.Job.Id).Should().Equal(jobs[2].Submission.Id);
        rest.Jobs.Select(logged => logged.Job.Id).Should().Equal(jobs[0].Submission.Id);
        one.Jobs.Select(logged => logged.Job.Id).Should().Equal(jobs[0].Submission.Id);
        ofFunction.Jobs.Should().HaveCount(2);
        ShouldFail(await Lists.ReadLogsAsync(Everything with { User = "nobody" }, 1, default), ErrorCode.UserNotFound);
    }

    private static JobEnd Logging(NewJob job, Body logs)
    {
        var end = Succeed(job);
        return end with { End = end.End with { Logs = logs } };
    }

    protected async Task<JobPage> ListAsync(JobQuery query)
    {
        var page = await Lists.ListAsync(query, default);
        page.Error.Should().BeNull();
        return page.Value;
    }

    protected async Task<NewJob[]> AddedJobsAsync(int count)
    {
        var jobs = Enumerable.Range(0, count).Select(_ => NewJob()).ToArray();
        await AddAsync(jobs);
        return jobs;
    }

    protected static JobEnd End(NewJob job, Outcome outcome) => new(
        job.Submission.Id, outcome.TerminalState(), new AttemptCounts(1, 0, 0),
        AttemptEnd.Of(outcome, new FunctionError("Error", "It ended so."), Used(1_000)), NowMs + 10, NowMs + 20);

    private async Task<NewJob[]> InEveryStateAsync()
    {
        await RegisterFunctionAsync("other", "() => 2");
        NewJob[] jobs =
            [NewJob(), NewJob(dueAtMs: FarMs), NewJob(), NewJob(), NewJob(), NewJob(), NewJob(expiresAtMs: NowMs + 5)];
        await AddAsync(jobs);
        await EndAsync(
            Succeed(jobs[2]), End(jobs[3], Outcome.Timeout), End(jobs[4], Outcome.PlatformError), Cancel(jobs[5]),
            End(jobs[6], Outcome.Expired));
        return jobs;
    }

    private async Task RegisterFunctionAsync(string function, string source) =>
        (await Functions.RegisterAsync(User, function, Utf8(source), NowMs, FunctionBounds.None, default)).IsOk.Should().BeTrue();
}
