using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Worker;

/// <summary>A worker over the real queue, a fake sandbox and the memory store; and what it says to the queue.</summary>
internal sealed class WorkerRig : IAsyncDisposable
{
    private readonly List<object> _said = [];
    private bool _stopped;

    private WorkerRig(Parts parts, FakeSandbox sandbox, WorkerOptions? options)
    {
        Parts = parts;
        Sandbox = sandbox;
        Mediator = new Interceptor(parts.Mediator)
            .On<LeaseJobs>(Overhear).On<CompleteJobs>(Overhear).On<AbandonJobs>(Overhear).On<RenewLeases>(Overhear)
            .On<WatchLeases>(Overhear);
        Worker = parts.CreateWorker(sandbox, options, Mediator, Time);
    }

    public Parts Parts { get; }

    public FakeSandbox Sandbox { get; }

    public Interceptor Mediator { get; }

    public WorkerLoop Worker { get; }

    /// <summary>The worker's clock; the queue has its own.</summary>
    public FakeTimeProvider Time { get; } = new();

    public MemoryStore Store => Parts.Store;

    public static async Task<WorkerRig> StartAsync(
        FakeSandbox sandbox, WorkerOptions? options = null, MemoryStore? store = null, Action<WorkerRig>? before = null,
        Shape shape = Shape.Direct, string? keys = null)
    {
        var parts = await Parts.StartAsync(
            shape, store, Roles.Frontend | Roles.Worker, settings: keys is null ? [] : [$"FAAS_SECRET_KEYS={keys}"]);
        var rig = new WorkerRig(parts, sandbox, options);
        before?.Invoke(rig);
        await rig.Worker.StartAsync(default);
        return rig;
    }

    /// <summary>Requests for revocations so far.</summary>
    public int Watches => Said<WatchLeases>().Count;

    /// <summary>What the worker said, of one kind.</summary>
    public IReadOnlyList<T> Said<T>()
    {
        lock (_said) return [.. _said.OfType<T>()];
    }

    /// <summary>For interceptors that replace the rig's own.</summary>
    public Task<object?> Overhear<T>(T request)
    {
        lock (_said) _said.Add(request!);
        return Task.FromResult<object?>(null);
    }

    public async Task<JobId[]> SubmitAsync(int count = 1, Body? arguments = null)
    {
        JobId[] ids = [.. Enumerable.Range(0, count).Select(_ => Some.Id())];
        foreach (var chunk in ids.Chunk(256))
        {
            var answer = await Parts.Mediator.Send(
                new EnqueueJobs([.. chunk.Select(id => Some.Submission(id, arguments: arguments))]));
            answer.Value.Errors.Should().OnlyContain(error => error == null);
        }
        return ids;
    }

    public Task EndedAsync(params JobId[] ids) =>
        Eventually.HoldsAsync(() => Array.TrueForAll(ids, id => Store.EndOf(id) is not null));

    /// <summary>Lets the worker's clock run until a level is reached.</summary>
    public Task RunClockUntilAsync(Func<bool> condition, int stepMs = 10, TimeSpan? timeout = null) =>
        Eventually.HoldsAsync(() =>
        {
            Time.Advance(TimeSpan.FromMilliseconds(stepMs));
            return condition();
        }, timeout);

    public Task StopAsync()
    {
        _stopped = true;
        return Worker.StopAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            Store.Down = null;
            Store.Throws = null;
            var stop = StopAsync();
            await RunClockUntilAsync(() => stop.IsCompleted, stepMs: 10_000, TimeSpan.FromSeconds(30));
            await stop;
        }
        Worker.Dispose();
        await Parts.DisposeAsync();
    }
}
