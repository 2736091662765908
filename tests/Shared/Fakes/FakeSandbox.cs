using System.Collections.Concurrent;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Fakes;

/// <summary>A sandbox whose functions are delegates. Killing one gives what the real one gives.</summary>
/// <param name="slots">Functions that can run at the same time.</param>
/// <param name="run">The function; null for one that returns <c>1</c> at once.</param>
public sealed class FakeSandbox(
    int slots, Func<Invocation, CancellationToken, Task<AttemptResult>>? run = null) : ISandbox
{
    private readonly TimeProvider _time = TimeProvider.System;
    private int _running;
    private int _mostRunning;
    private int _started;
    private int _killed;

    public int Slots => slots;

    /// <summary>Users who may have one slot only.</summary>
    public ConcurrentDictionary<string, bool> OnProbation { get; } = new();

    public int Running => Volatile.Read(ref _running);

    public int MostRunning => Volatile.Read(ref _mostRunning);

    public int Started => Volatile.Read(ref _started);

    public int Killed => Volatile.Read(ref _killed);

    /// <summary>An end with a result.</summary>
    public static AttemptResult Success(byte[] value, byte[]? logs = null, TimeSpan? wall = null) => new(
        Outcome.Success, ResultKind.Json, value, null, logs ?? [],
        new ResourceUsage(wall ?? TimeSpan.FromMilliseconds(1), TimeSpan.Zero, TimeSpan.Zero));

    /// <summary>A function that runs until it is killed.</summary>
    public static async Task<AttemptResult> Forever(Invocation invocation, CancellationToken stop)
    {
        await Task.Delay(Timeout.Infinite, stop);
        throw new InvalidOperationException("An infinite delay ended.");
    }

    public async Task<AttemptResult> RunAsync(Invocation invocation, CancellationToken stop)
    {
        var since = _time.GetTimestamp();
        Interlocked.Increment(ref _started);
        var running = Interlocked.Increment(ref _running);
        for (var most = MostRunning; running > most; most = MostRunning)
            Interlocked.CompareExchange(ref _mostRunning, running, most);
        try
        {
            await Task.Yield();
            stop.ThrowIfCancellationRequested();
            return run is null ? Success("1"u8.ToArray()) : await run(invocation, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Interlocked.Increment(ref _killed);
            return new AttemptResult(Outcome.Cancelled, ResultKind.None, [], null, [],
                new ResourceUsage(_time.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.Zero));
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public int SlotsFor(string user) => OnProbation.ContainsKey(user) ? 1 : slots;

    public Task<SourceCheck> CheckAsync(string user, ReadOnlyMemory<byte> source, CancellationToken cancellation) =>
        Task.FromResult(new SourceCheck(true, null, null, null));
}
