using System.ComponentModel.DataAnnotations;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Queue;

/// <summary>Settings of the queue, section <c>Queue</c>. Rules that no operator should need to change stay in code.</summary>
public sealed class QueueOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Queue";

    /// <summary>How long a lease lasts without renewal.</summary>
    /// <value>1 s to 5 min; default 10 s. Workers renew every 3 s at the latest, or three times in its span.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a queue that found unfinished jobs at its start grants nothing, so that workers can claim what they run.</summary>
    /// <value>0 to 1 min; default 2 s. 0 where the workers die with the queue, as in one process.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan AdoptionGrace { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Jobs the queue holds at most; submissions beyond are refused with <c>queue_full</c>.</summary>
    /// <value>1 to 20,000,000; default 5,000,000. A queued job takes about 100 bytes of memory.</value>
    [Range(1, 20_000_000)]
    public int MaxJobs { get; set; } = 5_000_000;

    /// <summary>The first retry's delay, doubled for each further one up to a minute.</summary>
    /// <value>1 ms to 1 min; default 1 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromSeconds(1);

    internal QueueRules ToRules() => new()
    {
        LeaseMs = (int)LeaseDuration.TotalMilliseconds,
        AdoptionMs = (int)AdoptionGrace.TotalMilliseconds,
        MaxJobs = MaxJobs,
        BackoffMs = (int)Backoff.TotalMilliseconds,
    };
}
