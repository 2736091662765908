using System.Diagnostics.Metrics;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Agent;
using FaaS.Infrastructure.Sandbox.Protocol;
using FaaS.Infrastructure.Sandbox.Walls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Sandbox;

/// <summary>
/// The sandbox of one worker: a set of child processes, one more than are busy, each running one invocation at a time.
/// A child that dies or is killed is replaced; the next invocation finds the spare already warm.
/// </summary>
public sealed class SandboxPool : ISandbox, IAsyncDisposable
{
    /// <summary>What losing a child costs its owner in the fair queue.</summary>
    public static readonly TimeSpan KillCharge = TimeSpan.FromMilliseconds(250);

    private const int CheckMemoryMiB = 128;

    private readonly SandboxOptions _options;
    private readonly ChildLauncher _launcher;
    private readonly WallGuard _walls;
    private readonly ChildRoster _roster;
    private readonly Watchdog _watchdog;
    private readonly SandboxMetrics _metrics;
    private int _isDisposed;

    /// <summary>Creates the pool; nothing is started before <see cref="Start"/> or the first invocation.</summary>
    public SandboxPool(
        IOptions<SandboxOptions> options, TimeProvider time, ILogger<SandboxPool> logger, IMeterFactory? meters = null)
    {
        _options = options.Value;
        Slots = _options.EffectiveSlots;
        _metrics = new SandboxMetrics(this, meters);
        _launcher = new ChildLauncher(_options.ChildPath);
        _walls = new WallGuard(_options, logger);
        _roster = new ChildRoster(_options, _launcher, _walls, _metrics, time, logger);
        _watchdog = new Watchdog(_roster.Inspect);
    }

    /// <inheritdoc/>
    public int Slots { get; }

    /// <summary>Children that are alive, ready or not.</summary>
    public int Children => _roster.Count;

    /// <summary>Children that are ready and have nothing to do.</summary>
    public int IdleChildren => _roster.IdleCount;

    /// <summary>Starts the warm children and the spares, so that the first invocation finds them ready.</summary>
    public void Start()
    {
        _roster.EnsureChildren();
        _watchdog.Nudge();
    }

    /// <summary>Which walls stand around the children; null before one was ready.</summary>
    internal WallReport? Walls => _walls.Last;

    /// <summary>Waits for the walls that are required, where some are.</summary>
    /// <exception cref="Application.Messaging.CompositionException">One of them does not stand.</exception>
    public Task CheckWallsAsync(CancellationToken cancellation) => _walls.CheckAsync(cancellation);

    /// <inheritdoc/>
    public int SlotsFor(string user) => _roster.IsOnProbation(user) ? 1 : Slots;

    /// <inheritdoc/>
    public async Task<AttemptResult> RunAsync(Invocation invocation, CancellationToken stop)
    {
        var limits = new RunLimits(
            invocation.Limits.Timeout, invocation.Limits.MemoryMiB, _options.ResultBytesMax, _options.LogBytesMax);
        var assignment = new RunAssignment(invocation, limits, _options.CpuLimit ?? limits.Timeout);
        _watchdog.Nudge();
        while (true)
        {
            var want = new ChildWant(invocation.User, invocation.Owner, invocation.Hash);
            Lease lease = await _roster.LeaseAsync(want, stop);
            if (lease.Child is not { } child)
            {
                assignment.Fail(lease.Refusal, lease.Detail, TimeSpan.Zero, TimeSpan.Zero);
                assignment.Release();
                return await assignment.Ended;
            }

            _launcher.Bound(child.Id, limits.MemoryMiB + _options.BaseMemoryMiB);
            SlotGrant grant = child.Sources.Take(invocation.Hash, invocation.Source.Length);
            if (child.TryBegin(
                assignment, grant, invocation.Source.Span, invocation.Arguments.Span, invocation.Environment.Span))
            {
                _metrics.Ran(isCold: grant.SourceNeeded);
                return await AwaitAsync(child, assignment, assignment.Ended, stop);
            }

            _roster.Forfeit(assignment);
        }
    }

    /// <inheritdoc/>
    public async Task<SourceCheck> CheckAsync(string user, ReadOnlyMemory<byte> source, CancellationToken cancellation)
    {
        var limits = new RunLimits(_options.CheckDeadline, CheckMemoryMiB, _options.ResultBytesMax, _options.LogBytesMax);
        var assignment = new CheckAssignment(user, source, limits);
        _watchdog.Nudge();
        while (true)
        {
            Lease lease = await _roster.LeaseAsync(new ChildWant(user, Owner: null, Hash: null), cancellation);
            if (lease.Child is not { } child)
            {
                if (lease.RetryAfterSeconds is { } seconds)
                    return new SourceCheck(false, lease.Detail, null, null, PlatformFailed: true, seconds);
                assignment.Fail(lease.Refusal, lease.Detail, TimeSpan.Zero, TimeSpan.Zero);
                assignment.Release();
                return await assignment.Ended;
            }

            var grant = new SlotGrant(0, SourceNeeded: true, []);
            if (child.TryBegin(assignment, grant, source.Span, default))
                return await AwaitAsync(child, assignment, assignment.Ended, CancellationToken.None);
            _roster.Forfeit(assignment);
        }
    }

    /// <summary>Kills all children; what they were running ends as a platform error.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _roster.CloseAsync();
        _launcher.Dispose();
        _watchdog.Dispose();
    }

    private async Task<T> AwaitAsync<T>(
        ChildProcess child, Assignment assignment, Task<T> ended, CancellationToken stop)
    {
        _watchdog.Nudge();
        if (!stop.CanBeCanceled || ended.IsCompleted) return await ended;
        await using CancellationTokenRegistration kill = stop.UnsafeRegister(
            static state =>
            {
                (ChildProcess child, Assignment assignment) = ((ChildProcess, Assignment))state!;
                child.Condemn(assignment, Outcome.Cancelled);
            },
            (child, assignment));
        return await ended;
    }
}
