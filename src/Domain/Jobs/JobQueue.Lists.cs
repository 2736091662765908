namespace FaaS.Domain.Jobs;

/// <summary>A job that a worker holds.</summary>
/// <param name="Id">The job.</param>
/// <param name="Sequence">Its place in the order of all jobs.</param>
public readonly record struct RunningJob(JobId Id, long Sequence);

/// <content>Telling which jobs run, and where others stand.</content>
public sealed partial class JobQueue
{
    /// <summary>Where a job stands.</summary>
    public JobStanding Describe(JobId id) => Describe([id])[0];

    /// <summary>Where jobs stand, in the order asked for. Looks at the queue once for all of them.</summary>
    public IReadOnlyList<JobStanding> Describe(IReadOnlyList<JobId> ids)
    {
        StartForecast? forecast = null;
        var standings = new JobStanding[ids.Count];
        for (var at = 0; at < standings.Length; at++) standings[at] = Describe(_jobs.Find(ids[at]), ref forecast);
        return standings;
    }

    private JobStanding Describe(int slot, ref StartForecast? forecast)
    {
        if (slot < 0) return new JobStanding(false, default, 0, null, 0, 0);
        ref var job = ref _jobs[slot];
        switch (job.Phase)
        {
            case JobPhase.Delayed:
                return new JobStanding(true, JobState.Delayed, 0, null, 0, job.Ended);
            case JobPhase.Leased or JobPhase.Cancelling or JobPhase.Ending:
                return new JobStanding(true, JobState.Running, 0, null, job.Lease?.GrantedAt.WallMs ?? 0, job.Ended);
            case JobPhase.Ready:
                forecast ??= Foretell();
                var (position, wait) = forecast.Of(job.Version!.Function, _share.Position(slot) - 1);
                return new JobStanding(true, JobState.Queued, position, wait, 0, job.Ended);
            default:
                return new JobStanding(true, JobState.Queued, 0, null, 0, job.Ended);
        }
    }

    /// <summary>The number of the attempt that a worker runs under a lease, from 1; 0 when the lease is not its, or not current.</summary>
    public int AttemptOf(JobId id, LeaseToken token, Guid worker)
    {
        var slot = _jobs.Find(id);
        if (slot < 0) return 0;
        ref var job = ref _jobs[slot];
        return job.Lease is { } lease && lease.Token == token && lease.Worker.Id == worker ? job.Ended + 1 : 0;
    }

    private StartForecast Foretell() => new(
        _share,
        _workers.SelectMany(seat => seat.Leases).Select(lease => (lease, _jobs[lease.Slot].Version!.Function)),
        _workers.Where(seat => !seat.Leaving).Sum(seat => seat.Slots), _lastTickMs,
        _attempts > 0 ? (double)_busyUs / _attempts : null);

    /// <summary>
    /// A user's jobs that workers hold, the newest first. Looks at every lease, of which there are as many as workers have
    /// places, and not at jobs that wait.
    /// </summary>
    /// <param name="user">The owner.</param>
    /// <param name="function">Only of this function; null for all.</param>
    /// <param name="before">Only of a smaller sequence number; 0 for the newest.</param>
    /// <param name="max">At most so many.</param>
    public IReadOnlyList<RunningJob> Running(string user, string? function, long before, int max)
    {
        var found = new List<RunningJob>();
        foreach (var seat in _workers)
        {
            foreach (var lease in seat.Leases)
            {
                ref var job = ref _jobs[lease.Slot];
                if (job.Version is not { } version || version.Function.Owner.Closed) continue;
                if (version.Binding.User != user || (function is not null && version.Binding.Function != function)) continue;
                if (before == 0 || job.Sequence < before) found.Add(new RunningJob(job.Id, job.Sequence));
            }
        }
        found.Sort((one, other) => other.Sequence.CompareTo(one.Sequence));
        if (found.Count > max) found.RemoveRange(max, found.Count - max);
        return found;
    }
}
