using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;

namespace FaaS.Application.Tests.Worker;

/// <summary>SIGTERM, from the worker's side.</summary>
public sealed class WorkerDrainTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task StopAsync_WhenIdle_EndsAtOnceAndTakesItsLeave()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(2));
        await Eventually.HoldsAsync(() => rig.Said<LeaseJobs>().Count > 0);

        await rig.StopAsync().WaitAsync(Soon);

        rig.Said<AbandonJobs>().Should().ContainSingle().Which.Leaving.Should().BeTrue();
        (await rig.Parts.CountsAsync()).Capacity.Should().Be(0);
    }

    [Fact]
    public async Task StopAsync_WhenAJobRuns_LetsItFinishRenewsItAndReportsIt()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, async (_, _) =>
        {
            await gate.Task;
            return FakeSandbox.Success([1]);
        }));
        var ids = await rig.SubmitAsync(2);
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);

        var stop = rig.StopAsync();
        await rig.RunClockUntilAsync(() => rig.Said<RenewLeases>().Count >= 2, stepMs: 500);
        stop.IsCompleted.Should().BeFalse();
        gate.SetResult();
        await stop.WaitAsync(Soon);

        rig.Store.EndOf(ids[0])!.State.Should().Be(JobState.Succeeded);
        rig.Store.EndOf(ids[1]).Should().BeNull();
        rig.Sandbox.Started.Should().Be(1);
        (await rig.Parts.CountsAsync()).Should().Match<QueueCounts>(counts => counts.Queued == 1 && counts.InFlight == 0);
    }

    [Fact]
    public async Task StopAsync_WhenJobsHaveNotStarted_ReturnsThemAtOnce()
    {
        var fast = 1;
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, async (invocation, stop) =>
            Volatile.Read(ref fast) == 1
                ? FakeSandbox.Success([1], wall: TimeSpan.FromMicroseconds(100))
                : await FakeSandbox.Forever(invocation, stop)));
        await rig.EndedAsync(await rig.SubmitAsync(20));
        Volatile.Write(ref fast, 0);
        await rig.SubmitAsync(5);
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);
        await Eventually.HoldsAsync(async () => (await rig.Parts.CountsAsync()).InFlight > 1);

        var stop = rig.StopAsync();

        await Eventually.HoldsAsync(async () =>
            await rig.Parts.CountsAsync() is { InFlight: 1, Queued: 4 }, Soon);
        stop.IsCompleted.Should().BeFalse();
        await rig.RunClockUntilAsync(() => stop.IsCompleted, stepMs: 10_000);
        await stop;
    }

    [Fact]
    public async Task StopAsync_WhenARunningJobIsCancelled_KillsItAtOnce()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, FakeSandbox.Forever));
        var id = (await rig.SubmitAsync())[0];
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);
        var stop = rig.StopAsync();
        await rig.Parts.CountsAsync();
        var since = TimeProvider.System.GetTimestamp();

        await rig.Parts.Mediator.Send(new CancelJob(id));

        TimeProvider.System.GetElapsedTime(since).Should().BeLessThan(TimeSpan.FromMilliseconds(900));
        await stop.WaitAsync(Soon);
        rig.Store.EndOf(id)!.State.Should().Be(JobState.Cancelled);
    }

    [Fact]
    public async Task StopAsync_WhenARunOutlastsTheDrain_KillsItAndGivesItBackUncharged()
    {
        await using var rig = await WorkerRig.StartAsync(
            new FakeSandbox(1, FakeSandbox.Forever), new WorkerOptions { DrainTimeout = TimeSpan.FromSeconds(30) });
        var id = (await rig.SubmitAsync())[0];
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);

        var stop = rig.StopAsync();
        await Eventually.HoldsAsync(async () => (await rig.Parts.CountsAsync()).InFlight == 1);
        rig.Time.Advance(TimeSpan.FromSeconds(29));
        rig.Sandbox.Killed.Should().Be(0);
        await rig.RunClockUntilAsync(() => stop.IsCompleted, stepMs: 500);
        await stop;

        rig.Sandbox.Killed.Should().Be(1);
        rig.Store.EndOf(id).Should().BeNull();
        rig.Store.CountsOf(id).Should().Be(default(AttemptCounts));
        rig.Store.LedgerRows.Should().Be(0);
        var next = await rig.Parts.Mediator.Send(Some.Lease(Guid.NewGuid(), waitMs: 3_000));
        next.Value.Jobs.Should().ContainSingle().Which.Attempt.Should().Be(1);
    }

    [Fact]
    public async Task StopAsync_WhenTheStoreDoesNotTakeABody_GivesTheJobBackAfterTheDrain()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1,
            (_, _) => Task.FromResult(FakeSandbox.Success(new byte[Body.InlineLimit + 1]))));
        rig.Mediator.On<Application.Db.StorePayload>(_ => Task.FromResult<object?>(
            (Result<Application.Db.StoredPayload>)new Error(ErrorCode.NotDurable, "The disk is full.")));
        var id = (await rig.SubmitAsync())[0];
        await Eventually.HoldsAsync(() => rig.Sandbox is { Started: 1, Running: 0 });

        var stop = rig.StopAsync();
        await rig.RunClockUntilAsync(() => stop.IsCompleted, stepMs: 10_000, Soon);
        await stop;

        rig.Store.CountsOf(id).Should().Be(default(AttemptCounts));
        (await rig.Parts.CountsAsync()).Should().Match<QueueCounts>(counts => counts.Queued == 1 && counts.InFlight == 0);
    }

    [Fact]
    public async Task StopAsync_WhenTheQueueDoesNotAnswer_Ends()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1));
        await Eventually.HoldsAsync(() => rig.Said<LeaseJobs>().Count > 0);
        rig.Mediator.On<AbandonJobs>(_ => throw new InvalidOperationException("The connection broke."));

        await rig.StopAsync().WaitAsync(Soon);
    }

    [Fact]
    public async Task StopAsync_WhenWorkCameWhileItWasParked_LeavesTheWorkToOthers()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(2, async (_, _) =>
        {
            await gate.Task;
            return FakeSandbox.Success([1]);
        }));
        await rig.SubmitAsync();
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);
        await Eventually.HoldsAsync(() => rig.Said<LeaseJobs>()[^1].Held.Count == 1);
        await rig.Parts.CountsAsync();

        var stop = rig.StopAsync();
        var late = (await rig.SubmitAsync())[0];
        var elsewhere = await rig.Parts.Mediator.Send(Some.Lease(Guid.NewGuid(), waitMs: 3_000));
        gate.SetResult();
        await stop.WaitAsync(Soon);

        elsewhere.Value.Jobs.Should().ContainSingle().Which.Job.Should().Be(late);
    }
}
