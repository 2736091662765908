using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobQueueCommitTests
{
    private readonly QueueHarness _queue = new();

    [Fact]
    public void TryTakeCommit_WhileOneIsUnderWay_GathersTheNext()
    {
        _queue.Enqueue(_queue.Submission());
        var first = _queue.Take();
        _queue.Enqueue(_queue.Submission(), _queue.Submission());

        _queue.Queue.TryTakeCommit(out _).Should().BeFalse();
        _queue.Finish(first);

        _queue.Take().New.Should().HaveCount(2);
    }

    [Fact]
    public void TryTakeCommit_WhenTheOutcomeWasUnknown_GivesTheSameOut()
    {
        var answer = _queue.Enqueue(_queue.Submission());
        var first = _queue.Take();
        _queue.Finish(ErrorCode.OutcomeUnknown);
        _queue.Enqueue(_queue.Submission());

        var again = _queue.Take();

        again.Should().BeSameAs(first);
        again.New.Should().HaveCount(1);
        answer.IsThere.Should().BeFalse();
    }

    [Fact]
    public void TryTakeCommit_WhenRowsAreMany_StopsAtTheLimit()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, CommitRows = 4 });
        queue.Enqueue([.. Enumerable.Range(0, 10).Select(_ => queue.Submission())]);

        var commit = queue.Take();
        queue.Finish(commit);
        queue.Commit();

        queue.Commits.Select(sent => sent.Count).Should().Equal(4, 4, 2);
    }

    [Fact]
    public void TryTakeCommit_WhenBodiesAreLarge_StopsAtTheLimit()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, CommitBytes = 100 });
        queue.Enqueue([.. Enumerable.Range(0, 3).Select(_ => queue.Submission(arguments: new byte[60]))]);
        queue.Enqueue(queue.Submission(arguments: new byte[500]));

        queue.Commit();

        queue.Commits.Select(sent => sent.Count).Should().Equal([1, 1, 1, 1], "a row over the limit goes alone");
    }

    [Theory]
    [InlineData(ErrorCode.NotDurable)]
    [InlineData(ErrorCode.Unavailable)]
    public void CommitFinished_WhenCertainlyNotStored_RefusesSubmissionsAndThoseBehind(ErrorCode code)
    {
        var first = _queue.Enqueue(_queue.Submission());
        _queue.Take();
        var behind = _queue.Enqueue(_queue.Submission());

        _queue.Finish(code);

        first.Value.Single()!.Code.Should().Be(ErrorCode.NotDurable);
        behind.Value.Single()!.Code.Should().Be(ErrorCode.NotDurable);
        _queue.Queue.Count.Should().Be(0);
    }

    [Fact]
    public void CommitFinished_WhenNotDurableAfterAnUnknownTry_RefusesNothing()
    {
        var submission = _queue.Submission();
        var answer = _queue.Enqueue(submission);
        var commit = _queue.Take();
        // The first try was stored, but its answer got lost.
        _queue.Store.Apply(new Simulation.StoreRecord.Commit(commit));
        _queue.Finish(ErrorCode.OutcomeUnknown);

        _queue.Take();
        _queue.Finish(ErrorCode.NotDurable);

        answer.IsThere.Should().BeFalse("the first try may have been stored");
        _queue.Commit();
        answer.Value.Should().Equal([null]);
        _queue.Store.Jobs.Should().ContainSingle().Which.Id.Should().Be(submission.Id);
    }

    [Fact]
    public void CommitFinished_WhenNotDurable_KeepsEndsForTheNextTry()
    {
        var worker = _queue.NewWorker();
        var id = _queue.Submit();
        var report = _queue.Report(worker, _queue.Lease(worker));
        _queue.Take();

        _queue.Finish(ErrorCode.NotDurable);
        report.IsThere.Should().BeFalse();
        _queue.Commit();

        report.Value.Should().BeEmpty();
        _queue.StoredEnd(id).Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void CommitFinished_WhenNotDurable_RefusesDeletionsAndThoseBehind()
    {
        var deletion = _queue.Cancel(_queue.NewId());
        _queue.Take();
        var behind = _queue.Cancel(_queue.NewId());

        _queue.Finish(ErrorCode.NotDurable);

        deletion.Error.Code.Should().Be(ErrorCode.NotDurable);
        behind.Error.Code.Should().Be(ErrorCode.NotDurable);
        _queue.Queue.IsSettled.Should().BeTrue();
    }

    [Theory]
    [InlineData(ErrorCode.NotDurable, true)]
    [InlineData(ErrorCode.NotDurable, false)]
    [InlineData(ErrorCode.OutcomeUnknown, true)]
    [InlineData(ErrorCode.OutcomeUnknown, false)]
    public void Cancel_WhileTheStoreIsAway_IsRefusedAndChangesNothing(ErrorCode failure, bool held)
    {
        var job = _queue.Submit();
        _queue.Enqueue(_queue.Submission());
        _queue.Take();
        _queue.Finish(failure);

        var refused = _queue.Cancel(held ? job : _queue.NewId());

        refused.Error.Code.Should().Be(ErrorCode.NotDurable);
        _queue.Queue.Describe(job).State.Should().Be(JobState.Queued);
        _queue.Jump(_queue.Rules.StoreRetryMs);
        _queue.Commit();
        var later = _queue.Cancel(job);
        _queue.Commit();
        later.Value.Should().BeTrue();
    }

    [Fact]
    public void CommitFinished_WhenNotDurable_AnswersWhoWaitsForTheRefused()
    {
        var submission = _queue.Submission();
        _queue.Enqueue(submission);
        var wait = _queue.Wait(submission.Id);
        var cancel = _queue.Cancel(submission.Id);
        _queue.Take();

        _queue.Finish(ErrorCode.NotDurable);

        wait.Error.Code.Should().Be(ErrorCode.JobNotFound);
        cancel.Value.Should().BeFalse();
        _queue.Pass(120_000);
    }

    [Fact]
    public void Dispatch_WhileTheStoreIsAway_GrantsNothing()
    {
        _queue.Submit();
        _queue.Enqueue(_queue.Submission());
        _queue.Take();
        _queue.Finish(ErrorCode.OutcomeUnknown);

        var asked = _queue.Ask(_queue.NewWorker());

        asked.IsThere.Should().BeFalse();
        _queue.Counts.StoreAvailable.Should().BeFalse();
        _queue.Commit();
        asked.Value.Jobs.Should().ContainSingle();
    }

    [Fact]
    public void Tick_WhileTheStoreIsAway_FreezesExpiryLeasesAndDueTimes()
    {
        var worker = _queue.NewWorker();
        var running = _queue.Submit();
        _queue.Lease(worker);
        var delayed = _queue.Submit(delayMs: 5_000);
        var expiring = _queue.Submit(ttlMs: 5_000);
        _queue.Enqueue(_queue.Submission());
        _queue.Take();
        _queue.Finish(ErrorCode.OutcomeUnknown);

        _queue.Pass(60_000, commits: false);

        _queue.Queue.Describe(running).State.Should().Be(JobState.Running);
        _queue.Queue.Describe(delayed).State.Should().Be(JobState.Delayed);
        _queue.Queue.Describe(expiring).State.Should().Be(JobState.Queued);
    }

    [Fact]
    public void Tick_WhenTheStoreFailedAndNothingIsLeftToStore_TriesAgainByItself()
    {
        var id = _queue.Submit();
        _queue.Enqueue(_queue.Submission());
        _queue.Take();
        _queue.Finish(ErrorCode.NotDurable);
        var asked = _queue.Ask(_queue.NewWorker());

        _queue.Pass(_queue.Rules.StoreRetryMs + 500);

        asked.Value.Jobs.Should().ContainSingle("nobody submits, and yet the backlog has to drain").Which.Job.Should().Be(id);
    }

    [Fact]
    public void Enqueue_SoonAfterTheStoreFailed_IsRefusedAndLaterLetThrough()
    {
        _queue.Enqueue(_queue.Submission());
        _queue.Take();
        _queue.Finish(ErrorCode.NotDurable);

        _queue.Enqueue(_queue.Submission()).Error.Code.Should().Be(ErrorCode.NotDurable);
        _queue.Jump(_queue.Rules.StoreRetryMs);
        var later = _queue.Enqueue(_queue.Submission());
        _queue.Commit();

        later.Value.Should().Equal([null]);
        _queue.Counts.StoreAvailable.Should().BeTrue();
    }

    [Fact]
    public void CommitFinished_WhenTheStoreSaysAJobHadEndedBefore_ForgetsIt()
    {
        var worker = _queue.NewWorker();
        var id = _queue.Submit();
        var job = _queue.Lease(worker);
        EndInStore(id);
        var wait = _queue.Wait(id);

        _queue.Report(worker, job, Outcome.PlatformError);
        _queue.Commit();
        _queue.Pass(120_000);

        _queue.Queue.Describe(id).Known.Should().BeFalse("it ended, whoever ended it");
        wait.Error.Code.Should().Be(ErrorCode.JobNotFound);
        _queue.StoredEnd(id).Should().Be(JobState.Failed);
    }

    [Theory]
    [InlineData(ErrorCode.TooLarge, 1)]
    [InlineData(ErrorCode.BadRequest, 4)]
    public void Commit_WithASubmissionThatIsRefused_TellsItsCallerAndStoresTheOthers(ErrorCode code, int tries)
    {
        var answers = Enumerable.Range(0, 10).Select(_ => _queue.Enqueue(_queue.Submission())).ToArray();
        var bad = _queue.Enqueue(_queue.Submission(arguments: Bad));
        var behind = _queue.Enqueue(_queue.Submission());
        var alone = 0;

        for (var turn = 0; turn < 10; turn++)
        {
            CommitUnless(commit => HasBad(commit) && (commit.Count > 1 || ++alone > 0), code);
            _queue.Pass(1_000, commits: false);
        }

        bad.Value.Single()!.Code.Should().Be(ErrorCode.Internal);
        alone.Should().Be(tries);
        answers.Append(behind).Should().OnlyContain(answer => answer.Value.Single() == null);
        _queue.Store.Jobs.Should().HaveCount(11);
        _queue.Counts.StoreAvailable.Should().BeTrue();
        _queue.Queue.IsSettled.Should().BeTrue();
    }

    [Fact]
    public void Commit_WithAnEndThatIsTooLarge_EndsTheJobWithoutItsResultAndBillsIt()
    {
        var worker = _queue.NewWorker();
        var ids = _queue.SubmitMany(3);
        var jobs = _queue.LeaseMany(worker, 3);
        var report = ReportWithBad(worker, jobs);

        CommitUnless(HasBad, ErrorCode.TooLarge);

        report.Value.Should().BeEmpty();
        ids.Select(_queue.StoredEnd).Should().Equal(JobState.Succeeded, JobState.Failed, JobState.Succeeded);
        var last = _queue.Commits.SelectMany(commit => commit.Ended).Single(row => row.Id == ids[1]);
        last.End.Outcome.Should().Be(Outcome.ResultTooLarge);
        last.End.Usage.Wall.Should().Be(TimeSpan.FromMilliseconds(7));
        _queue.Queue.IsSettled.Should().BeTrue();
    }

    [Fact]
    public void Commit_WithAnEndThatWasDamagedOnItsWay_StoresItAsItWas()
    {
        var worker = _queue.NewWorker();
        var ids = _queue.SubmitMany(2);
        var report = ReportWithBad(worker, _queue.LeaseMany(worker, 2));

        CommitUnless(HasBad, ErrorCode.BadRequest);
        _queue.StoredEnd(ids[0]).Should().Be(JobState.Succeeded, "it does not wait for the other");
        report.IsThere.Should().BeFalse();
        for (var second = 0; second < 20; second++)
        {
            _queue.Pass(1_000, commits: false);
            CommitUnless(HasBad, ErrorCode.BadRequest);
        }
        _queue.Enqueue(_queue.Submission());
        _queue.Pass(1_000);

        report.Value.Should().BeEmpty();
        ids.Select(_queue.StoredEnd).Should().AllBeEquivalentTo(JobState.Succeeded);
        _queue.Commits.SelectMany(commit => commit.Ended).Single(row => row.Id == ids[1]).End.Value.InlineLength
            .Should().Be(Bad.Length, "what ended is a fact");
    }

    [Fact]
    public void Commit_WithARowThatWasRefusedAlone_NeverTakesOthersWithItAgain()
    {
        var worker = _queue.NewWorker();
        _queue.SubmitMany(1);
        ReportWithBad(worker, _queue.LeaseMany(worker, 1), bad: 0);
        CommitUnless(HasBad, ErrorCode.BadRequest);

        _queue.Pass(1_000, commits: false);
        _queue.Enqueue(_queue.Submission());
        _queue.Enqueue(_queue.Submission());

        _queue.Take().Count.Should().Be(1);
        _queue.Finish(ErrorCode.BadRequest);
        _queue.Take().Should().Match<JobCommit>(commit => commit.Count == 2 && commit.New.Count == 2);
    }

    [Theory]
    [InlineData(1, ErrorCode.TooLarge)]
    [InlineData(2, ErrorCode.BadRequest)]
    public void Commit_RefusedAfterAnUnknownTry_IsNeverSaidToHaveFailed(int rows, ErrorCode code)
    {
        var answers = Enumerable.Range(0, rows).Select(_ => _queue.Enqueue(_queue.Submission())).ToArray();
        _queue.Take();
        _queue.Finish(ErrorCode.OutcomeUnknown);
        for (var turn = 0; turn < 12; turn++)
        {
            while (_queue.Queue.TryTakeCommit(out _)) _queue.Finish(code);
            _queue.Pass(1_000, commits: false);
        }

        answers.Should().OnlyContain(answer => answer.Value.Single()!.Code == ErrorCode.OutcomeUnknown);
    }

    [Fact]
    public void Commit_SplitAfterAnUnknownTry_IsNotWithdrawnWhenTheStoreIsAwayNext()
    {
        var answers = Enumerable.Range(0, 2).Select(_ => _queue.Enqueue(_queue.Submission())).ToArray();
        _queue.Take();
        _queue.Finish(ErrorCode.OutcomeUnknown);
        _queue.Take();
        _queue.Finish(ErrorCode.BadRequest);
        _queue.Take();
        _queue.Finish(ErrorCode.NotDurable);

        answers.Should().OnlyContain(answer => !answer.IsThere, "the first try may have stored them");
        _queue.Commit();
        answers.Should().OnlyContain(answer => answer.Value.Single() == null);
    }

    private Answer<IReadOnlyList<LeaseToken>> ReportWithBad(Guid worker, IReadOnlyList<LeasedJob> jobs, int bad = 1)
    {
        var end = Simulation.World.End(Outcome.Success, 7) with { Value = Body.Of(Bad) };
        return _queue.Report(worker, [.. jobs.Select((job, at) =>
            new AttemptReport(job.Job, job.Token, at == bad ? end : Simulation.World.End(Outcome.Success, 5)))]);
    }

    private static byte[] Bad { get; } = new byte[77];

    private static bool HasBad(JobCommit commit) =>
        commit.New.Any(row => row.Submission.Arguments.InlineLength == Bad.Length)
        || commit.Ended.Any(row => row.End.Value.InlineLength == Bad.Length);

    private void CommitUnless(Func<JobCommit, bool> refuses, ErrorCode code)
    {
        while (_queue.Queue.TryTakeCommit(out var commit))
        {
            if (refuses(commit)) _queue.Finish(code);
            else _queue.Finish(commit);
        }
    }

    private void EndInStore(JobId id) => _queue.Store.Apply(new Simulation.StoreRecord.Commit(new JobCommit(
        1, [], [new JobEnd(id, JobState.Failed, new AttemptCounts(0, 0, 0), Simulation.World.End(Outcome.UserError, 1), 0, 1)],
        [], [])));
}
