namespace FaaS.Domain.Jobs;

/// <summary>A job that a worker holds.</summary>
/// <param name="Id">The job.</param>
/// <param name="Sequence">Its place in the order of all jobs.</param>
public readonly record struct RunningJob(JobId Id, long Sequence);

/// <content>Telling which jobs run.</content>
public sealed partial class JobQueue
{
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
