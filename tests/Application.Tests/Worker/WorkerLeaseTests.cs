using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;

namespace FaaS.Application.Tests.Worker;

/// <summary>What a worker does with leases it cannot start, must stop or has lost.</summary>
public sealed class WorkerLeaseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Prefetched_WhenItDoesNotStart_GoesBackAndRunsElsewhere()
    {
        await using var rig = await StartBehindALongRunAsync();

        var elsewhere = rig.Parts.Mediator.Send(Some.Lease(Guid.NewGuid(), waitMs: 10_000));
        await rig.RunClockUntilAsync(() => elsewhere.IsCompleted);

        (await elsewhere).Value.Jobs.Should().ContainSingle().Which.Attempt.Should().Be(1);
        rig.Said<AbandonJobs>().SelectMany(request => request.Leases).Should().OnlyContain(lease => !lease.Started);
    }

    [Fact]
    public async Task Prefetched_WhenItWentBack_DoesNotComeAgainAndAgain()
    {
        await using var rig = await StartBehindALongRunAsync();

        var steps = 0;
        await rig.RunClockUntilAsync(() => ++steps > 100);

        rig.Said<AbandonJobs>().Count.Should().BeInRange(1, 3);
        (await rig.Parts.CountsAsync()).Should().Match<QueueCounts>(counts => counts.InFlight == 1 && counts.Queued == 4);
    }

    /// <summary>After short runs the worker prefetches; then come five jobs of which the first one never ends.</summary>
    private static async Task<WorkerRig> StartBehindALongRunAsync()
    {
        var fast = 1;
        var rig = await WorkerRig.StartAsync(new FakeSandbox(1, async (invocation, stop) =>
            Volatile.Read(ref fast) == 1
                ? FakeSandbox.Success([1], wall: TimeSpan.FromMicroseconds(100))
                : await FakeSandbox.Forever(invocation, stop)));
        await rig.EndedAsync(await rig.SubmitAsync(20));
        Volatile.Write(ref fast, 0);
        await rig.SubmitAsync(5);
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);
        return rig;
    }

    [Fact]
    public async Task CancelJob_WhenItRuns_KillsItWithinTheWatch()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, FakeSandbox.Forever));
        var id = (await rig.SubmitAsync())[0];
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);
        var since = TimeProvider.System.GetTimestamp();

        var cancelled = await rig.Parts.Mediator.Send(new CancelJob(id));

        TimeProvider.System.GetElapsedTime(since).Should().BeLessThan(TimeSpan.FromMilliseconds(900));
        cancelled.Value.Removed.Should().BeTrue();
        rig.Sandbox.Killed.Should().Be(1);
        rig.Store.EndOf(id)!.State.Should().Be(JobState.Cancelled);
        rig.Store.LedgerRows.Should().Be(1);
        rig.Said<CompleteJobs>().Should().ContainSingle();
    }

    [Fact]
    public async Task Revocation_WhenItOvertakesTheGrant_KillsTheRunAllTheSame()
    {
        var granted = new TaskCompletionSource<LeasedJobs>(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, FakeSandbox.Forever), before: rig =>
            rig.Mediator.On<LeaseJobs>(async request =>
            {
                await rig.Overhear(request);
                var answer = await rig.Parts.Mediator.Send(request with { WaitMs = 1_000 });
                if (answer.IsOk && answer.Value.Jobs.Count > 0 && granted.TrySetResult(answer.Value)) await gate.Task;
                return answer;
            }));
        var id = (await rig.SubmitAsync())[0];
        await granted.Task;

        var cancel = rig.Parts.Mediator.Send(new CancelJob(id));
        // The watch is parked again only after it has taken note of the revocation.
        await rig.Parts.CountsAsync();
        await Eventually.HoldsAsync(() => rig.Watches >= 2);
        gate.SetResult();

        (await cancel).Value.Removed.Should().BeTrue();
        await Eventually.HoldsAsync(() => rig.Sandbox is { Started: 1, Running: 0 }, Patience);
    }

    [Fact]
    public async Task Leases_WhenTheQueueSaysTheyAreLost_AreStoppedAndNotReported()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, FakeSandbox.Forever));
        await rig.SubmitAsync();
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);
        rig.Mediator.On<RenewLeases>(request => Task.FromResult<object?>(
            Result<RenewedLeases>.Ok(new RenewedLeases([.. request.Held.Select(lease => lease.Token)]))));

        await rig.RunClockUntilAsync(() => rig.Sandbox.Killed == 1, stepMs: 500);

        await Eventually.HoldsAsync(() => rig.Said<LeaseJobs>()[^1].Held.Count == 0);
        rig.Said<CompleteJobs>().Should().BeEmpty();
    }

    [Fact]
    public async Task Leases_WhileTheyRun_AreRenewedAndListed()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(2, FakeSandbox.Forever));
        var ids = await rig.SubmitAsync(1);
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);

        await rig.RunClockUntilAsync(() => rig.Said<RenewLeases>().Count >= 2, stepMs: 500);

        rig.Said<RenewLeases>().Should().OnlyContain(request =>
            request.Held.Count == 1 && request.Held[0].Job == ids[0] && request.Held[0].Started);
        // Another slot is free, so the worker asks for more, and lists what it holds.
        rig.Said<LeaseJobs>()[^1].Held.Should().ContainSingle().Which.Job.Should().Be(ids[0]);
    }

    [Fact]
    public async Task LeaseJobs_WhenItFails_IsTriedAgain()
    {
        var failures = 0;
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1), before: rig =>
            rig.Mediator.On<LeaseJobs>(request => Interlocked.Increment(ref failures) switch
            {
                1 => Task.FromResult<object?>((Result<LeasedJobs>)new Error(ErrorCode.Unavailable, "Starting.")),
                2 => throw new InvalidOperationException("The connection broke."),
                _ => rig.Overhear(request),
            }));

        await rig.EndedAsync(await rig.SubmitAsync());

        failures.Should().BeGreaterThan(2);
    }
}
