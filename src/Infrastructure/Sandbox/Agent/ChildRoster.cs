using System.Diagnostics;
using FaaS.Domain.Jobs;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// Who is alive, who is idle, who waits. Every change goes through one lock, which is never held over a system call.
/// </summary>
internal sealed class ChildRoster(
    SandboxOptions options, ChildLauncher launcher, WallGuard walls, SandboxMetrics metrics, TimeProvider time, ILogger logger)
    : IChildEvents
{
    /// <summary>
    /// Checks that run at a time, beside full slots. They are a class of their own: whatever is sent to be checked, runs
    /// keep all their slots, and the children that are ready for them but this many.
    /// </summary>
    private const int CheckRoom = 1;
    private const int LineFullSeconds = 2;
    private const int FailuresMax = 3;
    private static readonly TimeSpan RetryAfterFailures = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Where children are their tenants' own: how long somebody waits while those of others go from run to run, before one of
    /// them is replaced. A start takes about as long as this, so half of the time is for runs.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly List<ChildProcess> _alive = [];
    private readonly List<ChildProcess> _idle = [];
    private readonly HashSet<ChildProcess> _leaving = [];
    private readonly LinkedList<Waiter> _waiting = new();
    private readonly CheckLine _checks = new();
    private readonly Dictionary<string, int> _runningByUser = [];
    private readonly UserProbation _probation = new(time);
    private readonly UserProbation _checkProbation = new(time);
    private readonly int _slots = options.EffectiveSlots;
    private readonly int _warm = options.EffectiveWarm;
    private TaskCompletionSource? _closed;
    private ChildProcess[] _watched = [];
    private int _starting;
    private int _running;
    private int _checking;
    private int _failures;
    private long _retryAt;

    public int Count { get { lock (_gate) return _alive.Count; } }

    public int IdleCount { get { lock (_gate) return _idle.Count; } }

    public bool IsOnProbation(string user) { lock (_gate) return _probation.Covers(user); }

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
            if (want.IsCheck && RefuseCheckLocked(want.User) is { } refused) return new(refused);
            // A check that comes now stands behind those that wait; a run waits only while it cannot be served.
            child = want.IsCheck && _checks.Count > 0 ? null : TryTake(want);
            if (child is null)
            {
                waiter = new Waiter(want, time.GetTimestamp());
                if (!want.IsCheck) _waiting.AddLast(waiter);
                else if (_checks.TryAdd(waiter) is { } full)
                    return new(new Lease(null, Outcome.PlatformError, full, LineFullSeconds));
                MakeRoomLocked();
            }

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
            int runs = Math.Min(_slots, _running + _waiting.Count);
            int checks = Math.Min(CheckRoom, _checking + _checks.Count);
            int wanted = Math.Max(_warm, runs + checks) + options.Spares;
            // A check leaves one child for a run, so there has to be one.
            if (checks > 0) wanted = Math.Max(wanted, Math.Min(_slots, runs + 1) + checks);
            if (options.Reuse == ChildReuse.Owner) wanted = Math.Max(wanted, _alive.Count + _starting + StrandedLocked());
            wanted = Math.Min(wanted, _slots + CheckRoom + options.Spares);
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

        lock (_gate)
        {
            if (_waiting.Count > 0 || _checks.Count > 0)
            {
                MakeRoomLocked();
                isBusy = true;
            }
        }

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
            waiters = TakeWaitersLocked();
            alive = [.. _alive];
            SettleClosedLocked();
        }

        foreach (Waiter waiter in waiters) waiter.Refuse(Outcome.PlatformError, "The sandbox is shutting down.");
        foreach (ChildProcess child in alive) child.Kill();
        await closed.Task;
    }

    bool IChildEvents.Admits(ChildProcess child)
    {
        launcher.Complete(child.Walls);
        if (walls.Admits(child.Walls)) return true;
        SandboxLog.WallMissing(logger, child.Id);
        return false;
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
            _leaving.Remove(child);
            SettleClosedLocked();
        }

        launcher.Bury(child.Id);
        metrics.Gone(child, assignment);
        SandboxLog.ChildGone(logger, child.Id, assignment?.Verdict?.Word() ?? "of its own accord", report);
        hopeless?.ForEach(waiter => waiter.Refuse(Outcome.PlatformError, "The sandbox could not be started."));
        EnsureChildren();
    }

    /// <summary>Picks an idle child the assignment may have now; null when it has to wait.</summary>
    private ChildProcess? TryTake(ChildWant want)
    {
        if (want.IsCheck ? !MayCheckLocked() : !MayRunLocked(want.User)) return null;
        if (ChildChoice.Pick(_idle, want, options.Reuse) is not { } child) return null;

        _idle.Remove(child);
        child.LastTenant = want.Tenant;
        if (want.IsCheck)
        {
            _checking++;
        }
        else
        {
            _running++;
            System.Runtime.InteropServices.CollectionsMarshal
                .GetValueRefOrAddDefault(_runningByUser, want.User, out _)++;
        }

        return child;
    }

    private bool MayRunLocked(string user) =>
        _running < _slots && (_runningByUser.GetValueOrDefault(user) == 0 || !_probation.Covers(user));

    /// <summary>The last child that is ready belongs to runs, unless they have all they may have.</summary>
    private bool MayCheckLocked() => _checking < CheckRoom && (_idle.Count > 1 || _running >= _slots);

    /// <summary>Whose sources destroyed children one after another does not get more of them to try.</summary>
    private Lease? RefuseCheckLocked(string user)
    {
        int seconds = (int)Math.Ceiling(_checkProbation.Remaining(user).TotalSeconds);
        return seconds == 0 ? null : new Lease(
            null, Outcome.PlatformError,
            $"This user's last sources ran too long or needed too much memory; register again in {seconds} s.", seconds);
    }

    /// <summary>
    /// How many wait and might go on, but for a child they may use, beyond those that start or leave to make room. 0 where all
    /// share the children: there, what is idle is for anybody.
    /// </summary>
    private int StrandedLocked()
    {
        int stranded = _checks.Count > 0 && _checking < CheckRoom ? 1 : 0;
        stranded += Math.Min(_slots - _running, _waiting.Count(waiter => MayRunLocked(waiter.Want.User)));
        return Math.Max(0, stranded - _starting - _leaving.Count - _alive.Count(child => !child.IsReady && !_leaving.Contains(child)));
    }

    /// <summary>Where no more children may be started, the idle ones of other tenants make room, the one idle longest first.</summary>
    private void MakeRoomLocked()
    {
        if (options.Reuse != ChildReuse.Owner) return;
        int room = Math.Max(0, _slots + CheckRoom + options.Spares - _alive.Count - _starting);
        for (int left = StrandedLocked() - room; left > 0 && _idle.Count > 0; left--) DismissLocked(_idle[0]);
    }

    /// <summary>Who has waited long gets a child although those that become free are wanted by their own tenants.</summary>
    private void MakeRoomForTheFirstLocked()
    {
        if (options.Reuse != ChildReuse.Owner || _idle.Count == 0 || _waiting.First is not { Value: var first }) return;
        if (time.GetElapsedTime(first.Since) > Patience && MayRunLocked(first.Want.User) && ChildChoice.Pick(_idle, first.Want, options.Reuse) is null
            && _starting == 0 && _leaving.Count == 0 && _alive.TrueForAll(child => child.IsReady))
            DismissLocked(_idle[0]);
    }

    private void DismissLocked(ChildProcess child)
    {
        _idle.Remove(child);
        _leaving.Add(child);
        ThreadPool.UnsafeQueueUserWorkItem(static child => child.Kill(), child, preferLocal: false);
    }

    private void GiveBackLocked(Assignment assignment, bool isLost)
    {
        string user = assignment.User;
        if (assignment.Request == Protocol.FrameKind.Check)
        {
            _checking--;
            if (isLost) _checkProbation.ChildLost(user);
        }
        else
        {
            _running--;
            if (--System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_runningByUser, user, out _) == 0)
                _runningByUser.Remove(user);
        }

        if (isLost) _probation.ChildLost(user);
    }

    private void ServeWaitersLocked()
    {
        MakeRoomForTheFirstLocked();
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

        if (_checks.Next is { } check && TryTake(check.Want) is { } free)
        {
            _checks.Remove(check);
            check.Grant(free);
        }
    }

    private List<Waiter> TakeWaitersLocked()
    {
        List<Waiter> waiters = [.. _waiting, .. _checks.TakeAll()];
        _waiting.Clear();
        return waiters;
    }

    /// <summary>Takes a cancelled waiter out of the line; false when it has been served already.</summary>
    private bool Abandon(Waiter waiter)
    {
        lock (_gate) return waiter.Want.IsCheck ? _checks.Remove(waiter) : _waiting.Remove(waiter);
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
        return _alive.Any(child => child.IsReady) ? null : TakeWaitersLocked();
    }

    private void SettleClosedLocked()
    {
        if (_closed is not null && _alive.Count == 0 && _starting == 0) _closed.TrySetResult();
    }
}
