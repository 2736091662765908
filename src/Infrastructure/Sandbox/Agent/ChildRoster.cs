using System.Diagnostics;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>What an assignment asks of a child.</summary>
/// <param name="Owner">Whose code; null for a check.</param>
/// <param name="Hash">A child that has this source compiled is preferred.</param>
/// <param name="IsCheck">Checks come before runs and do not count against the slots.</param>
internal readonly record struct ChildWant(long? Owner, SourceHash? Hash, bool IsCheck);

/// <summary>A child to work with, or why there is none.</summary>
internal readonly record struct Lease(ChildProcess? Child, Outcome Refusal = default, string? Detail = null);

/// <summary>
/// Who is alive, who is idle, who waits. Every change goes through one lock, which is never held over a system call.
/// </summary>
internal sealed class ChildRoster(
    SandboxOptions options, ChildLauncher launcher, SandboxMetrics metrics, TimeProvider time, ILogger logger)
    : IChildEvents
{
    /// <summary>Checks that may run beside full slots.</summary>
    private const int CheckRoom = 1;
    private const int FailuresMax = 3;
    private static readonly TimeSpan RetryAfterFailures = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<ChildProcess> _alive = [];
    private readonly List<ChildProcess> _idle = [];
    private readonly LinkedList<Waiter> _waiting = new();
    private readonly Dictionary<long, int> _runningByOwner = [];
    private readonly OwnerProbation _probation = new(time);
    private readonly int _slots = options.EffectiveSlots;
    private readonly int _warm = options.EffectiveWarm;
    private TaskCompletionSource? _closed;
    private ChildProcess[] _watched = [];
    private int _starting;
    private int _running;
    private int _checking;
    private int _failures;
    private long _retryAt;

    public int Count
    {
        get { lock (_gate) return _alive.Count; }
    }

    public int IdleCount
    {
        get { lock (_gate) return _idle.Count; }
    }

    public bool IsOnProbation(long owner)
    {
        lock (_gate) return _probation.Covers(owner);
    }

    /// <summary>Takes a child, waiting for one if need be. Its user gives it back by ending its assignment.</summary>
    public ValueTask<Lease> LeaseAsync(ChildWant want, CancellationToken stop)
    {
        if (stop.IsCancellationRequested) return new(new Lease(null, Outcome.Cancelled));
        ChildProcess? child;
        Waiter? waiter = null;
        bool isSpareMissing;
        lock (_gate)
        {
            if (_closed is not null) return new(new Lease(null, Outcome.PlatformError, "The sandbox is shutting down."));
            child = TryTake(want);
            if (child is null) waiter = LineUpLocked(want);
            isSpareMissing = _idle.Count < options.Spares;
        }

        if (waiter is not null || isSpareMissing) EnsureChildren();
        return waiter is null ? new(new Lease(child)) : new(waiter.WaitAsync(Abandon, stop));
    }

    /// <summary>Gives back a child that turned out to be dead before it was given anything to do.</summary>
    public void Forfeit(Assignment assignment)
    {
        lock (_gate) GiveBackLocked(assignment, isLost: false);
    }

    /// <summary>Starts what is missing: as many as are busy or waited for and the spares, within the slots.</summary>
    public void EnsureChildren()
    {
        int missing;
        lock (_gate)
        {
            if (_closed is not null || (_failures >= FailuresMax && time.GetTimestamp() < _retryAt)) return;
            int busy = _running + _checking + _waiting.Count;
            int wanted = Math.Min(Math.Max(_warm, busy) + options.Spares, _slots + CheckRoom + options.Spares);
            missing = Math.Max(0, wanted - _alive.Count - _starting);
            _starting += missing;
        }

        for (int i = 0; i < missing; i++) ThreadPool.UnsafeQueueUserWorkItem(_ => StartChild(), null);
    }

    /// <summary>Looks at every child; whether any of them has to be looked at again soon.</summary>
    public bool Inspect()
    {
        bool isBusy = false;
        foreach (ChildProcess child in Volatile.Read(ref _watched))
        {
            if (child.Inspect(options)) isBusy = true;
            else if (child.IsReady) ReplaceWhenBloated(child);
            else
            {
                isBusy = true;
                if (time.GetElapsedTime(child.StartedAt) > options.StartDeadline) child.Kill();
            }
        }

        lock (_gate) isBusy |= _waiting.Count > 0;
        if (isBusy) EnsureChildren();
        return isBusy;
    }

    /// <summary>An idle child that does not give back what a large run made it take is worth less than a fresh one.</summary>
    private void ReplaceWhenBloated(ChildProcess child)
    {
        if (child.ResidentBytes <= (long)options.BaseMemoryMiB << 20) return;
        lock (_gate)
        {
            if (!_idle.Remove(child)) return;
        }

        child.Kill();
    }

    public async Task CloseAsync()
    {
        List<Waiter> waiters;
        TaskCompletionSource closed;
        ChildProcess[] alive;
        lock (_gate)
        {
            closed = _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters = [.. _waiting];
            _waiting.Clear();
            alive = [.. _alive];
            SettleClosedLocked();
        }

        foreach (Waiter waiter in waiters) waiter.Refuse(Outcome.PlatformError, "The sandbox is shutting down.");
        foreach (ChildProcess child in alive) child.Kill();
        await closed.Task;
    }

    void IChildEvents.Ready(ChildProcess child)
    {
        var startedIn = time.GetElapsedTime(child.StartedAt);
        SandboxLog.ChildReady(logger, child.Id, startedIn.TotalMilliseconds);
        metrics.Ready(startedIn);
        lock (_gate)
        {
            _failures = 0;
            _idle.Add(child);
            ServeWaitersLocked();
        }
    }

    void IChildEvents.Freed(ChildProcess child, Assignment assignment, bool isReusable)
    {
        lock (_gate)
        {
            GiveBackLocked(assignment, isLost: !isReusable);
            if (isReusable && _closed is null) _idle.Add(child);
            ServeWaitersLocked();
        }
    }

    void IChildEvents.Gone(ChildProcess child, Assignment? assignment, string report)
    {
        List<Waiter>? hopeless = null;
        lock (_gate)
        {
            _alive.Remove(child);
            _idle.Remove(child);
            _watched = [.. _alive];
            if (assignment is not null) GiveBackLocked(assignment, isLost: true);
            if (!child.IsReady && _closed is null) hopeless = CountFailureLocked();
            ServeWaitersLocked();
            SettleClosedLocked();
        }

        metrics.Gone(child, assignment);
        SandboxLog.ChildGone(logger, child.Id, assignment?.Verdict?.Word() ?? "of its own accord", report);
        hopeless?.ForEach(waiter => waiter.Refuse(Outcome.PlatformError, "The sandbox could not be started."));
        EnsureChildren();
    }

    /// <summary>Picks an idle child the assignment may have now; null when it has to wait.</summary>
    private ChildProcess? TryTake(ChildWant want)
    {
        if (!want.IsCheck && _running >= _slots) return null;
        if (want.Owner is { } owner && _runningByOwner.GetValueOrDefault(owner) > 0 && _probation.Covers(owner)) return null;
        if (PickIdle(want) is not { } child) return null;

        _idle.Remove(child);
        if (want.IsCheck)
        {
            _checking++;
        }
        else
        {
            _running++;
            child.LastOwner = want.Owner;
            if (want.Owner is { } user) System.Runtime.InteropServices.CollectionsMarshal
                .GetValueRefOrAddDefault(_runningByOwner, user, out _)++;
        }

        return child;
    }

    /// <summary>The child with the source compiled, else the one used last: the others may stay cold.</summary>
    private ChildProcess? PickIdle(ChildWant want)
    {
        ChildProcess? best = null;
        for (int i = _idle.Count - 1; i >= 0; i--)
        {
            ChildProcess child = _idle[i];
            if (options.Reuse == ChildReuse.Owner && child.LastOwner is not null && child.LastOwner != want.Owner) continue;
            if (want.Hash is { } hash && child.Sources.Holds(hash)) return child;
            best ??= child;
        }

        if (best is null && _idle.Count > 0)
        {
            // Only children that belong to other owners are left: one of them makes room for a fresh one.
            ChildProcess other = _idle[0];
            _idle.RemoveAt(0);
            ThreadPool.UnsafeQueueUserWorkItem(static child => child.Kill(), other, preferLocal: false);
        }

        return best;
    }

    private void GiveBackLocked(Assignment assignment, bool isLost)
    {
        if (assignment.Request == Protocol.FrameKind.Check)
        {
            _checking--;
            return;
        }

        _running--;
        long owner = assignment.Owner!.Value;
        if (--System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_runningByOwner, owner, out _) == 0)
            _runningByOwner.Remove(owner);
        if (isLost) _probation.ChildLost(owner);
    }

    private void ServeWaitersLocked()
    {
        for (LinkedListNode<Waiter>? node = _waiting.First; node is not null && _idle.Count > 0;)
        {
            LinkedListNode<Waiter>? next = node.Next;
            if (TryTake(node.Value.Want) is { } child)
            {
                _waiting.Remove(node);
                node.Value.Grant(child);
            }

            node = next;
        }
    }

    /// <summary>Checks stand before runs, and each kind in the order it came.</summary>
    private Waiter LineUpLocked(ChildWant want)
    {
        var waiter = new Waiter(want);
        LinkedListNode<Waiter>? firstRun = _waiting.First;
        while (firstRun is not null && firstRun.Value.Want.IsCheck) firstRun = firstRun.Next;
        if (want.IsCheck && firstRun is not null) _waiting.AddBefore(firstRun, waiter);
        else _waiting.AddLast(waiter);
        return waiter;
    }

    /// <summary>Takes a cancelled waiter out of the line; false when it has been served already.</summary>
    private bool Abandon(Waiter waiter)
    {
        lock (_gate) return _waiting.Remove(waiter);
    }

    private void StartChild()
    {
        ChildProcess child;
        try
        {
            child = new ChildProcess(launcher.Start(), this, options, time);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException
            or System.ComponentModel.Win32Exception or UnauthorizedAccessException)
        {
            SandboxLog.StartFailed(logger, exception);
            metrics.StartFailed();
            List<Waiter>? hopeless;
            lock (_gate)
            {
                _starting--;
                hopeless = CountFailureLocked();
                SettleClosedLocked();
            }

            hopeless?.ForEach(waiter => waiter.Refuse(Outcome.PlatformError, "The sandbox could not be started."));
            return;
        }

        bool isClosed;
        lock (_gate)
        {
            _starting--;
            _alive.Add(child);
            _watched = [.. _alive];
            isClosed = _closed is not null;
        }

        metrics.Started();
        child.StartReading();
        if (isClosed) child.Kill();
    }

    /// <summary>After a few starts in a row that led nowhere, those who wait with nobody alive are told so.</summary>
    private List<Waiter>? CountFailureLocked()
    {
        if (++_failures < FailuresMax) return null;
        _retryAt = time.GetTimestamp() + (long)(RetryAfterFailures.TotalSeconds * time.TimestampFrequency);
        if (_alive.Any(child => child.IsReady)) return null;
        List<Waiter> hopeless = [.. _waiting];
        _waiting.Clear();
        return hopeless;
    }

    private void SettleClosedLocked()
    {
        if (_closed is not null && _alive.Count == 0 && _starting == 0) _closed.TrySetResult();
    }

    private sealed class Waiter(ChildWant want)
    {
        private readonly TaskCompletionSource<Lease> _lease = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ChildWant Want { get; } = want;

        public void Grant(ChildProcess child) => _lease.TrySetResult(new Lease(child));

        public void Refuse(Outcome outcome, string detail) => _lease.TrySetResult(new Lease(null, outcome, detail));

        public async Task<Lease> WaitAsync(Func<Waiter, bool> abandon, CancellationToken stop)
        {
            await using CancellationTokenRegistration cancelled = stop.UnsafeRegister(
                _ =>
                {
                    if (abandon(this)) Refuse(Outcome.Cancelled, "");
                },
                null);
            return await _lease.Task;
        }
    }
}
