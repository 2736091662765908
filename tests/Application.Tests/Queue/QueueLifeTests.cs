using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Queue;

/// <summary>How the queue comes to life, is taken over, drains and ends.</summary>
public sealed class QueueLifeTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_WhenDbDoesNotAnswerYet_WaitsForItAndComesAlive(bool throws)
    {
        var store = new MemoryStore().With("ann", "add");
        store.Plant(Some.Submission());
        if (throws) store.Throws = new TimeoutException("No answer.");
        else store.Down = new Error(ErrorCode.Unavailable, "Not yet.");
        await using var parts = Parts.Build(store: store);
        await parts.Loop.StartAsync(default);
        await Eventually.HoldsAsync(() => store.Calls >= 2);
        (await parts.Mediator.Send(new GetBacklog())).Error!.Code.Should().Be(ErrorCode.Unavailable);

        store.Throws = null;
        store.Down = null;

        await parts.ReadyAsync();
        (await parts.CountsAsync()).Should().Match<QueueCounts>(counts => counts.Restored == 1 && counts.Queued == 1);
    }

    [Fact]
    public async Task Start_WhenThereIsMoreThanAPage_RestoresAllOfIt()
    {
        var store = new MemoryStore().With("ann", "add");
        for (var count = 0; count < 10_001; count++) store.Plant(Some.Submission());

        await using var parts = await Parts.StartAsync(store: store);

        (await parts.CountsAsync()).Restored.Should().Be(10_001);
    }

    [Fact]
    public async Task StopAsync_WhenTheQueueStillWaitsForDb_EndsAtOnce()
    {
        await using var parts = Parts.Build();
        parts.Store.Down = new Error(ErrorCode.Unavailable, "Never.");
        await parts.Loop.StartAsync(default);

        await parts.StopAsync().WaitAsync(Soon);

        parts.Loop.ExecuteTask!.IsCompleted.Should().BeTrue();
    }

    [Fact]
    public async Task Commit_WhenAnotherQueueHasTakenOver_StopsTheHostOnce()
    {
        await using var parts = await Parts.StartAsync();
        await parts.Store.TakeEpochAsync(default);

        var answer = await parts.Mediator.Send(Some.Enqueue(Some.Id()));

        answer.Value.Errors.Single()!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        for (var turns = 0; turns < 3; turns++) await parts.CountsAsync();
        parts.Lifetime.StopRequests.Should().Be(1);
        (await parts.Mediator.Send(Some.Enqueue(Some.Id()))).Error!.Code.Should().Be(ErrorCode.Unavailable);
        await parts.StopAsync().WaitAsync(Soon);
        parts.Store.Jobs.Should().Be(0);
    }

    [Fact]
    public async Task Stopping_WhenRequestsAreParked_EndsThemAndStillTakesEnds()
    {
        await using var parts = await Parts.StartAsync();
        var (worker, idle) = (Guid.NewGuid(), Guid.NewGuid());
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        var lease = (await parts.Mediator.Send(Some.Lease(worker, waitMs: 5_000))).Value.Jobs.Single();
        var wait = parts.Mediator.Send(new WaitJob(id, 60_000));
        var watch = parts.Mediator.Send(new WatchLeases(worker, 60_000));
        var parked = parts.Mediator.Send(Some.Lease(idle, waitMs: 60_000));
        await parts.CountsAsync();

        parts.Lifetime.BeginStopping();

        (await wait.WaitAsync(Soon)).Value.Should().Be(new JobProgress(true, null));
        (await watch.WaitAsync(Soon)).Value.Tokens.Should().BeEmpty();
        (await parked.WaitAsync(Soon)).Value.Jobs.Should().BeEmpty();
        (await parts.Mediator.Send(Some.Enqueue(Some.Id()))).Error!.Code.Should().Be(ErrorCode.Unavailable);
        var done = await parts.Mediator.Send(new CompleteJobs(worker, [Some.Report(lease)]));
        done.Value.Stale.Should().BeEmpty();
        parts.Store.EndOf(id)!.State.Should().Be(JobState.Succeeded);
    }

    [Fact]
    public async Task Stopping_WhenTheInboxIsFull_TheQueueDrainsAllTheSame()
    {
        await using var parts = await Parts.StartAsync();
        using var gate = new ManualResetEventSlim();
        var parked = parts.Mediator.Send(Some.Lease(Guid.NewGuid(), waitMs: 60_000));
        await FillInbox(parts, gate);

        var refused = await parts.Mediator.Send(new GetBacklog());
        parts.Lifetime.BeginStopping();
        gate.Set();

        refused.Error!.Code.Should().Be(ErrorCode.Unavailable);
        refused.Error.RetryAfterSeconds.Should().Be(1);
        (await parked.WaitAsync(Soon)).Value.Jobs.Should().BeEmpty();
    }

    [Fact]
    public async Task StopAsync_WhenACommitIsUnderWay_WaitsForItAndForWhatCameBehind()
    {
        await using var parts = await Parts.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        parts.Store.BeforeCommit = (_, _) => gate.Task;
        var first = parts.Mediator.Send(Some.Enqueue(Some.Id()));
        await Eventually.HoldsAsync(() => parts.Store.Commits.Count == 1);
        var second = parts.Mediator.Send(Some.Enqueue(Some.Id()));
        await parts.CountsAsync();

        var stop = parts.StopAsync();
        stop.IsCompleted.Should().BeFalse();
        gate.SetResult();

        await stop.WaitAsync(Soon);
        (await first).Value.Errors.Should().Equal([null]);
        (await second).Value.Errors.Should().Equal([null]);
        parts.Store.Jobs.Should().Be(2);
    }

    [Fact]
    public async Task StopAsync_WhenTheStoreNeverAnswers_GivesUpAfterTenSeconds()
    {
        var time = new FakeTimeProvider();
        await using var parts = await Parts.StartAsync(time: time);
        parts.Store.BeforeCommit = (_, _) => Task.Delay(Timeout.Infinite);
        _ = parts.Mediator.Send(Some.Enqueue(Some.Id()));
        await Eventually.HoldsAsync(() => parts.Store.Commits.Count == 1);

        var stop = parts.StopAsync();
        time.Advance(TimeSpan.FromSeconds(9.9));
        await parts.CountsAsync();
        stop.IsCompleted.Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(0.2));

        await stop.WaitAsync(Soon);
    }

    /// <summary>Holds the loop inside one input and puts in as many more as fit.</summary>
    private static async Task FillInbox(Parts parts, ManualResetEventSlim gate)
    {
        using var inside = new SemaphoreSlim(0);
        _ = parts.Loop.AskAsync<bool>((_, reply, _) =>
        {
            inside.Release();
            gate.Wait(TimeSpan.FromSeconds(30));
            reply.Reply(true);
        }, default);
        await inside.WaitAsync();
        for (var count = 0; count < 65_536; count++)
        {
            var ask = parts.Loop.AskAsync<bool>((_, reply, _) => reply.Reply(true), default);
            if (ask.IsCompleted) break;
        }
    }
}
