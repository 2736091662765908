using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Queue;

/// <summary>What the queue makes durable, and what it does when the store won't.</summary>
public sealed class QueueCommitTests
{
    private static readonly Error Down = new(ErrorCode.NotDurable, "The disk is full.");

    [Fact]
    public async Task Submissions_WhenACommitIsUnderWay_AreTheNextOneTogether()
    {
        await using var parts = await Parts.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        parts.Store.BeforeCommit = (_, number) => number == 1 ? gate.Task : Task.CompletedTask;
        var first = parts.Mediator.Send(Some.Enqueue(Some.Id()));
        await Eventually.HoldsAsync(() => parts.Store.Commits.Count == 1);

        Task[] others = [.. Enumerable.Range(0, 100).Select(_ => parts.Mediator.Send(Some.Enqueue(Some.Id())))];
        await parts.CountsAsync();
        parts.Store.Commits.Should().HaveCount(1);
        gate.SetResult();

        await Task.WhenAll(others);
        await first;
        parts.Store.Commits.Select(commit => commit.New.Count).Should().Equal(1, 100);
        parts.Store.MostCommitsUnderWay.Should().Be(1);
    }

    [Fact]
    public async Task Commit_WhenThereIsMoreThanFits_HasAtMost256Rows()
    {
        await using var parts = await Parts.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        parts.Store.BeforeCommit = (_, number) => number == 1 ? gate.Task : Task.CompletedTask;

        Task[] all = [.. Enumerable.Range(0, 10).Select(_ => parts.Mediator.Send(
            new EnqueueJobs([.. Enumerable.Range(0, 100).Select(_ => Some.Submission())])))];
        await parts.CountsAsync();
        gate.SetResult();
        await Task.WhenAll(all);

        parts.Store.Commits.Max(commit => commit.Count).Should().Be(256);
        parts.Store.Jobs.Should().Be(1_000);
    }

    [Fact]
    public async Task EnqueueJobs_WhenTheStoreTookNothing_SaysSoAndRecovers()
    {
        await using var parts = await Parts.StartAsync();
        parts.Store.Down = Down;

        var answer = await parts.Mediator.Send(Some.Enqueue(Some.Id()));
        var next = await parts.Mediator.Send(Some.Enqueue(Some.Id()));
        parts.Store.Down = null;

        answer.Value.Errors.Single().Should()
            .Match<Error>(error => error.Code == ErrorCode.NotDurable && error.RetryAfterSeconds == 1);
        next.Error!.Code.Should().Be(ErrorCode.NotDurable);
        (await parts.CountsAsync()).StoreAvailable.Should().BeFalse();
        await Eventually.HoldsAsync(async () =>
            await parts.Mediator.Send(Some.Enqueue(Some.Id())) is { IsOk: true, Value.Errors: [null] });
        (await parts.CountsAsync()).Should().Match<QueueCounts>(counts => counts.StoreAvailable && counts.IsConserved);
    }

    [Fact]
    public async Task EnqueueJobs_WhenTooMuchIsPending_IsTurnedAway()
    {
        await using var parts = await Parts.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        parts.Store.BeforeCommit = (_, _) => gate.Task;
        var underWay = parts.Mediator.Send(Some.Enqueue(Some.Id()));
        await Eventually.HoldsAsync(() => parts.Store.Commits.Count == 1);
        Task<Result<EnqueuedJobs>>[] taken = [.. Enumerable.Range(0, 16).Select(_ => parts.Mediator.Send(
            new EnqueueJobs([.. Enumerable.Range(0, 256).Select(_ => Some.Submission())])))];
        await parts.CountsAsync();

        var refused = await parts.Mediator.Send(Some.Enqueue(Some.Id()));
        gate.SetResult();

        refused.Error!.Code.Should().Be(ErrorCode.Unavailable);
        refused.Error.RetryAfterSeconds.Should().Be(1);
        (await Task.WhenAll(taken.Append(underWay))).Should().OnlyContain(answer => answer.IsOk);
    }

    [Theory]
    [InlineData("throws after it stored")]
    [InlineData("does not know")]
    public async Task Commit_WhenItsOutcomeIsUnknown_IsRepeatedUnchanged(string how)
    {
        await using var parts = await Parts.StartAsync();
        parts.Store.AfterCommit = number => number > 2 ? null : new TimeoutException("No answer.");
        if (how == "does not know")
        {
            parts.Store.AfterCommit = null;
            parts.Store.BeforeCommit = (_, number) =>
            {
                parts.Store.Down = number > 2 ? null : new Error(ErrorCode.OutcomeUnknown, "Who knows.");
                return Task.CompletedTask;
            };
        }
        JobId[] ids = [Some.Id(), Some.Id(), Some.Id()];

        var answer = await parts.Mediator.Send(Some.Enqueue(ids));

        answer.Value.Errors.Should().Equal([null, null, null]);
        parts.Store.Commits.Should().HaveCount(3);
        parts.Store.Commits.Should().OnlyContain(commit =>
            commit.New.Select(row => row.Submission.Id).SequenceEqual(ids)
            && commit.New.Select(row => row.Sequence).SequenceEqual(new long[] { 1, 2, 3 }));
        (await parts.CountsAsync()).Submitted.Should().Be(3);
    }

    [Fact]
    public async Task CompleteJobs_WhenTheStoreIsDown_IsKeptAndStoredOnceItIsBack()
    {
        await using var parts = await Parts.StartAsync();
        var worker = Guid.NewGuid();
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        var lease = (await parts.Mediator.Send(Some.Lease(worker, waitMs: 5_000))).Value.Jobs.Single();
        parts.Store.Down = Down;

        var report = parts.Mediator.Send(new CompleteJobs(worker, [Some.Report(lease)]));
        await Eventually.HoldsAsync(() => parts.Store.Commits.Count >= 3);
        var renewed = await parts.Mediator.Send(new RenewLeases(worker, [new HeldLease(id, lease.Token, true)]));
        report.IsCompleted.Should().BeFalse();
        parts.Store.Down = null;

        (await report).Value.Stale.Should().BeEmpty();
        renewed.Value.Lost.Should().BeEmpty();
        parts.Store.EndOf(id)!.State.Should().Be(JobState.Succeeded);
        parts.Store.LedgerRows.Should().Be(1);
        (await parts.CountsAsync()).IsConserved.Should().BeTrue();
    }

    /// <summary>The second of the five mistakes we expect.</summary>
    [Fact]
    public async Task CompleteJobs_WhenTheLeaseRunsOutDuringItsCommit_IsAcceptedAndNothingIsLeasedAgain()
    {
        var time = new FakeTimeProvider();
        await using var parts = await Parts.StartAsync(time: time);
        var (worker, other) = (Guid.NewGuid(), Guid.NewGuid());
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        var lease = (await parts.Mediator.Send(Some.Lease(worker, waitMs: 60_000))).Value.Jobs.Single();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        parts.Store.BeforeCommit = (_, _) => gate.Task;
        var parked = parts.Mediator.Send(Some.Lease(other, waitMs: 60_000));
        await RunClockAsync(parts, time, 9_900);

        var report = parts.Mediator.Send(new CompleteJobs(worker, [Some.Report(lease)]));
        await RunClockAsync(parts, time, 30_000);
        parked.IsCompleted.Should().BeFalse();
        gate.SetResult();

        (await report).Value.Stale.Should().BeEmpty();
        parts.Store.EndOf(id)!.State.Should().Be(JobState.Succeeded);
        parts.Store.LedgerRows.Should().Be(1);
        (await parts.CountsAsync()).Should().Match<QueueCounts>(counts => counts.Leases == 1 && counts.LostLeases == 0);
    }

    [Fact]
    public async Task Lease_WhenItIsNotRenewed_GoesToTheNextWorker()
    {
        var time = new FakeTimeProvider();
        await using var parts = await Parts.StartAsync(time: time);
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        await parts.Mediator.Send(Some.Lease(Guid.NewGuid(), waitMs: 60_000));
        var parked = parts.Mediator.Send(Some.Lease(Guid.NewGuid(), waitMs: 60_000));

        await RunClockAsync(parts, time, 9_500);
        parked.IsCompleted.Should().BeFalse();
        await RunClockAsync(parts, time, 1_000);

        (await parked.WaitAsync(TimeSpan.FromSeconds(3))).Value.Jobs.Should().ContainSingle().Which.Attempt.Should().Be(2);
    }

    /// <summary>Lets time pass in steps that the queue takes for a running clock, each seen before the next.</summary>
    private static async Task RunClockAsync(Parts parts, FakeTimeProvider time, int ms)
    {
        for (var passed = 0; passed < ms; passed += 100)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await parts.CountsAsync();
        }
    }

    [Fact]
    public async Task CompleteJobs_WhenRepeated_IsStaleAndChangesNothing()
    {
        await using var parts = await Parts.StartAsync();
        var worker = Guid.NewGuid();
        await parts.Mediator.Send(Some.Enqueue(Some.Id()));
        var lease = (await parts.Mediator.Send(Some.Lease(worker, waitMs: 5_000))).Value.Jobs.Single();
        var request = new CompleteJobs(worker, [Some.Report(lease)]);

        var first = await parts.Mediator.Send(request);
        var second = await parts.Mediator.Send(request);

        first.Value.Stale.Should().BeEmpty();
        second.Value.Stale.Should().Equal(lease.Token);
        parts.Store.LedgerRows.Should().Be(1);
    }

    [Fact]
    public async Task EnqueueJobs_WhenRepeated_IsOneJob()
    {
        await using var parts = await Parts.StartAsync();
        var request = Some.Enqueue(Some.Id());

        var answers = await Task.WhenAll(parts.Mediator.Send(request), parts.Mediator.Send(request));
        var later = await parts.Mediator.Send(request);

        answers.Append(later).Should().OnlyContain(answer => answer.Value.Errors[0] == null);
        parts.Store.Jobs.Should().Be(1);
        (await parts.CountsAsync()).Queued.Should().Be(1);
    }

    [Fact]
    public async Task LeaseJobs_WhenItsCallerHungUp_TheNextWorkerGetsTheJob()
    {
        await using var parts = await Parts.StartAsync();
        using var hangUp = new CancellationTokenSource();
        var gone = parts.Mediator.Send(Some.Lease(Guid.NewGuid(), waitMs: 60_000), hangUp.Token);
        await parts.CountsAsync();
        await hangUp.CancelAsync();
        await gone.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
        var id = Some.Id();

        await parts.Mediator.Send(Some.Enqueue(id));
        var lease = await parts.Mediator.Send(Some.Lease(Guid.NewGuid(), waitMs: 3_000));

        lease.Value.Jobs.Should().ContainSingle().Which.Job.Should().Be(id);
        (await parts.CountsAsync()).InFlight.Should().Be(1);
    }

    [Fact]
    public async Task WaitJob_WhenItsCallerHungUp_TheJobEndsAllTheSame()
    {
        await using var parts = await Parts.StartAsync();
        using var hangUp = new CancellationTokenSource();
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        var wait = parts.Mediator.Send(new WaitJob(id, 60_000), hangUp.Token);
        await parts.CountsAsync();
        await hangUp.CancelAsync();

        var cancelled = await parts.Mediator.Send(new CancelJob(id));

        await wait.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
        cancelled.Value.Removed.Should().BeTrue();
        parts.Store.EndOf(id)!.State.Should().Be(JobState.Cancelled);
    }
}
