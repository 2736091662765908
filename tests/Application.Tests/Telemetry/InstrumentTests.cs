using FaaS.Application.Queue;
using FaaS.Application.Tests.Worker;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;

namespace FaaS.Application.Tests.Telemetry;

/// <summary>What the queue's and the worker's instruments say.</summary>
public sealed class InstrumentTests
{
    [Fact]
    public async Task Queue_UnderLoad_AccountsForEveryJobAllTheTime()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(2));
        var said = rig.Parts.Measurements;

        var submitting = rig.SubmitAsync(5_000);
        await Eventually.HoldsAsync(() =>
        {
            said.Read("faas.queue.unaccounted").Should().Be(0);
            return submitting.IsCompleted && said.Read("faas.queue.completed success") == 5_000;
        });
        await Eventually.HoldsAsync(() => said.Read("faas.queue.submitted") == 5_000
            && said.Read("faas.queue.jobs queued") == 0 && said.Read("faas.queue.jobs in_flight") == 0);

        said.Read("faas.queue.unaccounted").Should().Be(0);
        said.Read("faas.queue.leases").Should().BeGreaterThanOrEqualTo(5_000);
        foreach (var stage in new[] { "submit_durable", "durable_leased", "leased_reported", "reported_durable" })
            said.Count($"faas.queue.stage.duration {stage}").Should().BeGreaterThanOrEqualTo(5_000, stage);
    }

    [Fact]
    public async Task Queue_WhenJobsWait_TellsHowManyAndForHowLong()
    {
        await using var parts = await Parts.StartAsync();
        await parts.Mediator.Send(Some.Enqueue(Some.Id(), Some.Id()));
        var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await parts.Mediator.Send(Some.Enqueue(
            Some.Submission(dueAtMs: nowMs + 3_600_000) with { SubmittedAtMs = nowMs }));

        await Eventually.HoldsAsync(() => parts.Measurements.Read("faas.queue.jobs queued") == 2
            && parts.Measurements.Read("faas.queue.jobs delayed") == 1
            && parts.Measurements.Read("faas.queue.oldest_age") > 0.25);

        parts.Measurements.Read("faas.queue.epoch").Should().Be(1);
        parts.Measurements.Read("faas.queue.workers").Should().Be(0);
        parts.Measurements.Count("faas.queue.commit.rows").Should().BeGreaterThan(0);
        parts.Measurements.Count("faas.queue.commit.duration").Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task Queue_WhenTheStoreIsAway_SaysSoAndCountsItsTries()
    {
        await using var parts = await Parts.StartAsync();
        parts.Store.Down = new Error(ErrorCode.NotDurable, "A test says so.");

        await parts.Mediator.Send(Some.Enqueue(Some.Id()));

        await Eventually.HoldsAsync(() => parts.Measurements.Read("faas.queue.store.available") == 0);
        parts.Measurements.Read("faas.queue.commit.failures").Should().BeGreaterThan(0);
        parts.Store.Down = null;
        await Eventually.HoldsAsync(() => parts.Measurements.Read("faas.queue.store.available") == 1);
    }

    [Fact]
    public async Task Queue_WhenAnEndIsStale_CountsIt()
    {
        await using var parts = await Parts.StartAsync();
        var worker = Guid.NewGuid();
        await parts.Mediator.Send(Some.Enqueue(Some.Id()));
        var job = (await parts.Mediator.Send(Some.Lease(worker, waitMs: 10_000))).Value.Jobs.Single();

        await parts.Mediator.Send(new CompleteJobs(worker, [Some.Report(job)]));
        await parts.Mediator.Send(new CompleteJobs(worker, [Some.Report(job)]));

        await Eventually.HoldsAsync(() => parts.Measurements.Read("faas.queue.reports.stale") == 1);
        parts.Measurements.Read("faas.queue.completed success").Should().Be(1);
    }

    [Fact]
    public async Task Queue_WhenItHasStopped_SaysNothingOfWhatItHeld()
    {
        await using var parts = await Parts.StartAsync();
        parts.Measurements.Read("faas.queue.epoch").Should().Be(1);

        await parts.StopAsync();

        parts.Measurements.Read("faas.queue.epoch").Should().BeNull();
    }

    [Fact]
    public async Task Worker_TellsWhatRunsAndHowRunsEnd()
    {
        var release = new TaskCompletionSource();
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(2, async (_, _) =>
        {
            await release.Task;
            return new AttemptResult(Outcome.UserError, ResultKind.None, [], new FunctionError("Error", "no"), [],
                new ResourceUsage(TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(1)));
        }));
        var said = rig.Parts.Measurements;

        var ids = await rig.SubmitAsync(1);
        await Eventually.HoldsAsync(() => said.Read("faas.worker.running") == 1);
        release.SetResult();
        await rig.EndedAsync(ids);

        await Eventually.HoldsAsync(() => said.Read("faas.worker.running") == 0 && said.Read("faas.worker.unanswered") == 0);
        said.Read("faas.worker.slots").Should().Be(2);
        said.Read("faas.worker.runs user_error").Should().Be(1);
        said.Read("faas.worker.runs success").Should().Be(0);
        said.Count("faas.worker.run.duration").Should().Be(1);
        said.Count("faas.worker.run.cpu").Should().Be(1);
        said.Count("faas.worker.run.cold_start").Should().Be(1);
    }
}
