using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;

namespace FaaS.Application.Tests.Worker;

/// <summary>From a lease to a durable end.</summary>
public sealed class WorkerRunTests
{
    [Theory]
    [InlineData(Shape.Direct)]
    [InlineData(Shape.Codec)]
    public async Task Job_WhenItIsSubmitted_RunsOnceWithItsSourceAndArguments(Shape shape)
    {
        Invocation? seen = null;
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, (invocation, _) =>
        {
            seen = invocation;
            return Task.FromResult(FakeSandbox.Success("7"u8.ToArray(), "[]"u8.ToArray()));
        }), shape: shape);

        var id = (await rig.SubmitAsync(arguments: Body.Of("[1,2]"u8.ToArray())))[0];
        await rig.EndedAsync(id);

        seen!.Source.ToArray().Should().Equal("() => 1"u8.ToArray());
        seen.Arguments.ToArray().Should().Equal("[1,2]"u8.ToArray());
        var end = rig.Store.EndOf(id)!;
        end.State.Should().Be(JobState.Succeeded);
        end.End.Value.Inline.Should().Equal("7"u8.ToArray());
        end.End.Logs.Inline.Should().Equal("[]"u8.ToArray());
        rig.Store.LedgerRows.Should().Be(1);
    }

    [Fact]
    public async Task Jobs_WhenThereAreMany_AreNeverMoreThanTheSlotsAndAreReportedInBatches()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(3));

        var ids = await rig.SubmitAsync(20_000);
        await Eventually.HoldsAsync(
            async () => (await rig.Parts.CountsAsync()).Terminal == ids.Length, TimeSpan.FromSeconds(25));

        rig.Sandbox.MostRunning.Should().BeInRange(1, 3);
        rig.Store.LedgerRows.Should().Be(ids.Length);
        rig.Said<CompleteJobs>().Should().HaveCountLessThan(ids.Length);
        rig.Said<LeaseJobs>().Should().HaveCountLessThan(ids.Length);
        (await rig.Parts.CountsAsync()).IsConserved.Should().BeTrue();
    }

    [Fact]
    public async Task Source_WhenManyJobsNeedIt_IsReadOnce()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1));

        await rig.EndedAsync(await rig.SubmitAsync(50));

        rig.Store.SourceReads.Should().Be(1);
    }

    [Fact]
    public async Task Arguments_WhenTheLeaseDoesNotCarryThem_AreReadFromDb()
    {
        byte[]? seen = null;
        var large = new byte[Body.InlineLimit + 1];
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, (invocation, _) =>
        {
            seen = invocation.Arguments.ToArray();
            return Task.FromResult(FakeSandbox.Success([1]));
        }));
        var payload = Guid.NewGuid();
        await rig.Parts.Mediator.Send(new StorePayload(payload, large));

        await rig.EndedAsync(await rig.SubmitAsync(arguments: new Body(null, payload)));

        seen.Should().Equal(large);
    }

    [Fact]
    public async Task Result_WhenItIsLarge_IsStoredBeforeItIsReported()
    {
        var large = new byte[Body.InlineLimit + 1];
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1,
            (_, _) => Task.FromResult(FakeSandbox.Success(large, large))));
        rig.Store.BeforePayload = _ => gate.Task;

        var id = (await rig.SubmitAsync())[0];
        await Eventually.HoldsAsync(() => rig.Sandbox.Started == 1 && rig.Sandbox.Running == 0);
        rig.Said<CompleteJobs>().Should().BeEmpty();
        gate.SetResult();
        await rig.EndedAsync(id);

        var end = rig.Store.EndOf(id)!.End;
        end.Value.Inline.Should().BeNull();
        rig.Store.Payloads[end.Value.Stored!.Value].Should().Equal(large);
        rig.Store.Payloads[end.Logs.Stored!.Value].Should().Equal(large);
    }

    [Fact]
    public async Task Reports_WhenTheirBodiesAreLarge_StayBelowWhatTheTransportTakes()
    {
        var body = new byte[Body.InlineLimit];
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(8,
            (_, _) => Task.FromResult(FakeSandbox.Success(body, body, TimeSpan.FromMicroseconds(1)))));
        // Once the worker knows that runs are short, it holds enough jobs at a time.
        await rig.EndedAsync(await rig.SubmitAsync(20));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var row = (ContractRow<CompleteJobs, CompletedJobs>)QueueContract.Contract.Rows.Single(
            row => row.RequestType == typeof(CompleteJobs));
        rig.Mediator.On<CompleteJobs>(async request =>
        {
            await gate.Task;
            return await rig.Overhear(request);
        });

        var ids = await rig.SubmitAsync(200);
        await Eventually.HoldsAsync(() => rig.Sandbox.Started == 220 && rig.Sandbox.Running == 0);
        gate.SetResult();
        await rig.EndedAsync(ids);

        rig.Said<CompleteJobs>().Should().OnlyContain(request => row.Encode(request).Length < 2 << 20);
    }

    [Fact]
    public async Task Sandbox_WhenItThrows_TheAttemptEndsAsThePlatformsFailure()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1,
            (_, _) => throw new InvalidOperationException("The pipe is gone.")));

        var id = (await rig.SubmitAsync())[0];
        await rig.EndedAsync(id);

        var end = rig.Store.EndOf(id)!;
        end.State.Should().Be(JobState.DeadLettered);
        end.End.Outcome.Should().Be(Outcome.PlatformError);
        end.Counts.Ended.Should().Be(3);
    }

    [Fact]
    public async Task Source_WhenItIsGoneForGood_TheJobEndsAndDoesNotGoRoundForever()
    {
        var store = new MemoryStore().With("ann", "add");
        store.LoseSources();
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1), store: store);

        var id = (await rig.SubmitAsync())[0];
        await rig.EndedAsync(id);

        rig.Store.EndOf(id)!.State.Should().Be(JobState.DeadLettered);
        rig.Sandbox.Started.Should().Be(0);
        (await rig.Parts.CountsAsync()).Leases.Should().Be(3);
    }

    [Fact]
    public async Task Source_WhenDbIsAway_TheJobGoesBackUnchargedAndWithoutAStorm()
    {
        var away = 1;
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1), before: rig =>
            rig.Mediator.On<ReadSource>(_ => Task.FromResult<object?>(Volatile.Read(ref away) == 1
                ? Result<SourceText>.Fail(ErrorCode.Unavailable, "Db is away.") as object
                : null)));

        var id = (await rig.SubmitAsync())[0];
        await Eventually.HoldsAsync(() => rig.Said<AbandonJobs>().Count >= 3);
        var leases = (await rig.Parts.CountsAsync()).Leases;
        Volatile.Write(ref away, 0);
        await rig.EndedAsync(id);

        leases.Should().BeLessThan(10);
        rig.Store.EndOf(id)!.Counts.Should().Be(new AttemptCounts(1, 0, 0));
    }

    [Fact]
    public async Task Slots_WhenGivingBackThrows_GoOnWorking()
    {
        var failures = 0;
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1), before: rig => rig.Mediator
            .On<ReadSource>(_ => Task.FromResult<object?>(Volatile.Read(ref failures) == 0
                ? Result<SourceText>.Fail(ErrorCode.Unavailable, "Db is away.") as object
                : null))
            .On<AbandonJobs>(request => Interlocked.Increment(ref failures) == 1
                ? throw new InvalidOperationException("The connection broke.")
                : rig.Overhear(request)));

        await rig.EndedAsync(await rig.SubmitAsync());

        failures.Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task Completions_WhenTheStoreIsDown_AreRetriedAndHeldMeanwhile()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, async (_, _) =>
        {
            await gate.Task;
            return FakeSandbox.Success([1]);
        }));
        var id = (await rig.SubmitAsync())[0];
        await Eventually.HoldsAsync(() => rig.Sandbox.Running == 1);
        var failures = 0;
        rig.Mediator.On<CompleteJobs>(request => Interlocked.Increment(ref failures) <= 3
            ? Task.FromResult<object?>((Result<CompletedJobs>)new Error(ErrorCode.OutcomeUnknown, "Who knows."))
            : rig.Overhear(request));

        gate.SetResult();
        await Eventually.HoldsAsync(() => Volatile.Read(ref failures) >= 1);
        await rig.RunClockUntilAsync(() => rig.Said<RenewLeases>().Count > 0, stepMs: 500);
        await rig.EndedAsync(id);

        rig.Said<RenewLeases>()[0].Held.Should().ContainSingle().Which.Job.Should().Be(id);
        rig.Store.LedgerRows.Should().Be(1);
        rig.Sandbox.Started.Should().Be(1);
    }

    [Fact]
    public async Task Completions_WhenAnswered_AreListedNoMore()
    {
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1));

        var first = (await rig.SubmitAsync())[0];
        await rig.EndedAsync(first);
        var asked = rig.Said<LeaseJobs>().Count;
        await Eventually.HoldsAsync(() => rig.Said<LeaseJobs>().Count >= asked);

        await rig.EndedAsync(await rig.SubmitAsync());
        await Eventually.HoldsAsync(() => rig.Said<LeaseJobs>()[^1].Held.All(lease => lease.Job != first));
    }
}
