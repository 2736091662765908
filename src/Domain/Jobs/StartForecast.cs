namespace FaaS.Domain.Jobs;

/// <summary>
/// Foretells which place in the fair queue a ready job has and when it starts, from what the queue knows at one moment: virtual
/// times, weights, backlogs, average runs, and the runs under way. Nothing is simulated job by job. An owner's job comes when the
/// owner's virtual time has got there; until then each other owner gets, at most, what brings it to the same virtual time, what
/// it has, and what it may run at once. That much work, and what is left of the runs under way, over all slots, is the wait.
/// </summary>
/// <remarks>
/// What comes later is not in it: submissions, retries, workers that come or go. Its cost does not depend on how many jobs wait:
/// it looks at each lease, at owners that have work, at most <see cref="OwnersMax"/> of them, and at an owner's functions.
/// </remarks>
internal sealed class StartForecast
{
    /// <summary>Owners that are looked at one by one; of more, the others are taken for one that is as they are on average.</summary>
    private const int RivalsMax = 256, OwnersMax = 4_096;

    /// <summary>Functions of an owner that are looked at; the others are taken to be like these.</summary>
    private const int FunctionsMax = 256;

    private const int Rounds = 12;

    private readonly FairShare _share;
    private readonly List<Rival> _rivals = [];
    private readonly List<double> _leftUs = [];
    private readonly Dictionary<QueueOwner, double> _runningUs = [];
    private readonly int _slots;
    private readonly double? _meanUs;

    /// <summary>Looks at the queue.</summary>
    /// <param name="share">Who is next.</param>
    /// <param name="leases">What runs, or is about to.</param>
    /// <param name="slots">Jobs the workers run at a time.</param>
    /// <param name="nowMs">The monotonic clock.</param>
    /// <param name="meanUs">How long a run of any function takes on average; null when none was measured.</param>
    public StartForecast(
        FairShare share, IEnumerable<(Lease Lease, FunctionBacklog Function)> leases, int slots, long nowMs, double? meanUs)
    {
        (_share, _slots, _meanUs) = (share, slots, meanUs);
        foreach (var (lease, function) in leases)
        {
            var cost = CostUs(function);
            // What has outlasted its average is taken to be near its end; it is not over yet.
            var left = Math.Max(cost - ((nowMs - lease.GrantedAt.MonotonicMs) * 1000.0), cost / 8);
            _leftUs.Add(left);
            _runningUs[function.Owner] = _runningUs.GetValueOrDefault(function.Owner) + left;
        }
        AddRivals();
    }

    /// <summary>A ready job's place among all jobs that wait, from 1, and its wait; null where nothing is known of the runs.</summary>
    /// <param name="function">Its function.</param>
    /// <param name="ahead">Jobs of its function ahead of it.</param>
    public (int Position, TimeSpan? Wait) Of(FunctionBacklog function, int ahead)
    {
        var owner = function.Owner;
        var (jobs, ownUs) = OwnAhead(function, ahead);
        var untilUs = (owner.VirtualNs / 1000.0) + (ownUs / owner.Weight);
        var waitUs = WaitUs(owner, ownUs, untilUs);
        var rivals = 0.0;
        foreach (var rival in _rivals)
            if (!ReferenceEquals(rival.Owner, owner)) rivals += ClaimUs(rival, untilUs, waitUs) / rival.JobUs;
        var position = 1 + jobs + (int)Math.Min(Math.Round(rivals), int.MaxValue / 2);
        // Before anything was measured only a free slot tells something.
        var isKnown = _slots > 0 && !owner.IsSpent && (IsKnown(function) || (position == 1 && _leftUs.Count < _slots));
        // What a function may run at once holds its own line up, whoever else waits.
        if (function.Policy?.Concurrency is > 0 and var most)
            waitUs = Math.Max(waitUs, (ahead + Math.Min(function.Running, most) - most + 1) * CostUs(function) / most);
        return (position, isKnown ? TimeSpan.FromMicroseconds(Math.Round(Math.Max(0, waitUs))) : null);
    }

    /// <summary>What a run takes; of a function that none was measured of, what runs take on average.</summary>
    private double CostUs(FunctionBacklog function) =>
        Math.Max(1, function.Measured ? function.ExpectedUs : _meanUs ?? function.CostUs);

    private bool IsKnown(FunctionBacklog function) => function.Measured || _meanUs is not null;

    /// <summary>Jobs of the same owner that come before: functions take turns, one job each.</summary>
    private (int Jobs, double Us) OwnAhead(FunctionBacklog function, int ahead)
    {
        var (jobs, us, turn, looked) = (ahead, ahead * CostUs(function), 1, 0);
        foreach (var other in function.Owner.Active)
        {
            if (ReferenceEquals(other, function))
            {
                turn = 0;
                continue;
            }
            if (++looked > FunctionsMax) break;
            var before = Math.Min(other.Ready, ahead + turn);
            jobs += before;
            us += before * CostUs(other);
        }
        if (looked <= FunctionsMax) return (jobs, us);
        var rest = (double)(function.Owner.Active.Count - 1) / FunctionsMax;
        return (ahead + (int)((jobs - ahead) * rest), us * rest);
    }

    /// <summary>
    /// How long it takes until the owner's job is next. The work before it depends on the wait itself, for nobody does more in it
    /// than may be run at once: begun with all there could be, it comes down to what there is.
    /// </summary>
    private double WaitUs(QueueOwner owner, double ownUs, double untilUs)
    {
        var slots = Math.Max(1, _slots);
        var waitUs = double.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            var workUs = ownUs;
            foreach (var rival in _rivals)
                if (!ReferenceEquals(rival.Owner, owner)) workUs += ClaimUs(rival, untilUs, waitUs);
            foreach (var left in _leftUs) workUs += Math.Min(left, waitUs);
            // A slot that is free now is free at once.
            var next = _leftUs.Count < slots && workUs <= 0 ? 0 : workUs / slots;
            if (next >= waitUs * 0.999) break;
            waitUs = next;
        }
        var own = Math.Max(1, Math.Min(_share.SlotCap, owner.Concurrency));
        var alone = (ownUs + (owner.Running >= own ? _runningUs.GetValueOrDefault(owner) : 0)) / own;
        return Math.Max(waitUs, alone);
    }

    private static double ClaimUs(in Rival rival, double untilUs, double waitUs) =>
        Math.Clamp((untilUs - rival.VirtualUs) * rival.Weight, 0, Math.Min(rival.WorkUs, rival.Places * waitUs));

    private void AddRivals()
    {
        var (looked, count) = (0, 0);
        double virtualUs = 0, workUs = 0, jobs = 0;
        long weight = 0, places = 0;
        foreach (var owner in _share.WithWork)
        {
            if (++looked > OwnersMax) break;
            if (Of(owner) is not { } rival) continue;
            if (_rivals.Count < RivalsMax)
            {
                _rivals.Add(rival);
                continue;
            }
            count++;
            virtualUs += rival.VirtualUs;
            workUs += rival.WorkUs;
            jobs += rival.WorkUs / rival.JobUs;
            weight += rival.Weight;
            places += rival.Places;
        }
        if (count == 0) return;
        var many = Math.Max(1, (double)(_share.WithWorkCount - RivalsMax) / count);
        _rivals.Add(new Rival(
            null, virtualUs / count, (long)(weight * many), workUs * many, (long)(places * many), workUs / Math.Max(1, jobs)));
    }

    private Rival? Of(QueueOwner owner)
    {
        double workUs = 0, jobs = 0;
        var looked = 0;
        foreach (var function in owner.Active)
        {
            if (++looked > FunctionsMax) break;
            jobs += function.Ready;
            workUs += function.Ready * CostUs(function);
        }
        if (jobs == 0) return null;
        var all = Math.Max(1, (owner.Ready - owner.Stopped) / jobs);
        return new Rival(
            owner, owner.VirtualNs / 1000.0, owner.Weight, workUs * all, Math.Min(_share.SlotCap, owner.Concurrency), workUs / jobs);
    }

    /// <summary>Another owner that has work.</summary>
    /// <param name="Owner">Who; null for many.</param>
    /// <param name="VirtualUs">Where it stands.</param>
    /// <param name="Weight">Its share.</param>
    /// <param name="WorkUs">All that waits.</param>
    /// <param name="Places">Jobs it may run at a time.</param>
    /// <param name="JobUs">How long one takes.</param>
    private readonly record struct Rival(
        QueueOwner? Owner, double VirtualUs, long Weight, double WorkUs, long Places, double JobUs);
}
