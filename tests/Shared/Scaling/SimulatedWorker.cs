using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Scaling;

/// <summary>
/// A worker as the queue sees it: asks as long as it has a free slot, runs each job for as long as the load says, reports
/// its end, renews its leases. One that drains takes nothing new, finishes and leaves.
/// </summary>
internal sealed class SimulatedWorker(int number, ScalingSimulation world)
{
    private const long AskUs = 500;
    private const long RenewUs = 3_000_000;
    private const long PollMs = 30_000;

    private readonly Guid _id = new(number, 0, 0, new byte[8]);
    private readonly List<LeasedJob> _running = [];
    private Poll? _poll;
    private bool _asking;

    public int Number { get; } = number;

    public bool IsReady { get; private set; }

    public bool IsDraining { get; private set; }

    public bool IsGone { get; private set; }

    public bool IsIdle => _running.Count == 0;

    private int FreeSlots => world.Settings.SlotsPerWorker - _running.Count;

    private HeldLease[] Held => [.. _running.Select(job => new HeldLease(job.Job, job.Token, true))];

    /// <summary>It has started and takes work.</summary>
    public void Ready()
    {
        if (IsGone) return;
        IsReady = true;
        Ask();
        world.Clock.After(RenewUs, Renew);
    }

    /// <summary>Takes nothing new. One that has not started yet is gone at once.</summary>
    public void Drain()
    {
        IsDraining = true;
        if (!IsReady) IsGone = true;
        else if (IsIdle) Leave();
        else Lease(0);
    }

    private void Leave()
    {
        world.Give(queue => queue.Abandon(_id, [], true, Nobody<int>.There, world.Clock.Now));
        world.Clock.After(world.Settings.LeaveUs, () => IsGone = true);
    }

    private void Ask()
    {
        if (_asking || IsDraining || FreeSlots == 0) return;
        _asking = true;
        world.Clock.After(AskUs, () =>
        {
            _asking = false;
            if (!IsDraining && FreeSlots > 0) Lease(FreeSlots);
        });
    }

    /// <summary>Parks a request in the place of an earlier one; for none, it only takes that one back.</summary>
    private void Lease(int max)
    {
        // The earlier one is answered meanwhile, emptily, and must not be taken for this one.
        _poll = new Poll(this);
        var slots = world.Settings.SlotsPerWorker;
        world.Give(queue => queue.LeaseJobs(
            _id, slots, slots, max, world.Clock.Now.MonotonicMs + PollMs, Held, _poll, world.Clock.Now));
    }

    private void Granted(Poll poll, LeaseGrant grant)
    {
        if (grant.Lost.Count > 0) throw new InvalidOperationException("A lease was lost though nothing failed.");
        foreach (var job in grant.Jobs) Run(job);
        if (_poll != poll) return;
        _poll = null;
        Ask();
    }

    private void Run(LeasedJob job)
    {
        _running.Add(job);
        var serviceUs = world.ServiceUs(job.Job);
        world.Clock.After(serviceUs, () =>
        {
            _running.Remove(job);
            var usage = new ResourceUsage(TimeSpan.FromMicroseconds(serviceUs), TimeSpan.Zero, TimeSpan.Zero);
            var end = new AttemptEnd(Outcome.Success, ResultKind.Json, Body.Of([49]), null, Body.Empty, usage);
            world.Give(queue => queue.Complete(
                _id, [new AttemptReport(job.Job, job.Token, end)], Nobody<IReadOnlyList<LeaseToken>>.There, world.Clock.Now));
            if (!IsDraining) Ask();
            else if (IsIdle) Leave();
        });
    }

    private void Renew()
    {
        if (IsGone || (IsDraining && IsIdle)) return;
        world.Give(queue => queue.Renew(_id, Held, Nobody<IReadOnlyList<LeaseToken>>.There, world.Clock.Now));
        world.Clock.After(RenewUs, Renew);
    }

    private sealed class Poll(SimulatedWorker worker) : IReply<LeaseGrant>
    {
        public void Reply(Result<LeaseGrant> answer) => worker.Granted(this, answer.Value);
    }
}

/// <summary>Takes answers that nobody waits for.</summary>
internal sealed class Nobody<T> : IReply<T>
{
    public static Nobody<T> There { get; } = new();

    public void Reply(Result<T> answer)
    {
    }
}
