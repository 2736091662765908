namespace FaaS.Domain.Jobs;

/// <summary>
/// Hears what happens to jobs, as it happens, so that it can be counted and timed outside: the core has no instruments.
/// Called on the queue's own loop for every job, so it must be quick, and it must not call back into the queue. Spans
/// are in microseconds of the monotonic clock; they are as fine as the loop's turns, each of which has one time.
/// </summary>
public interface IQueueObserver
{
    /// <summary>A submission became durable.</summary>
    /// <param name="id">The job.</param>
    /// <param name="us">Since the queue took it.</param>
    void Stored(JobId id, long us);

    /// <summary>A job was handed to a worker.</summary>
    /// <param name="id">The job.</param>
    /// <param name="attempt">The attempt's number, from 1.</param>
    /// <param name="us">Since it became durable, or due.</param>
    void Leased(JobId id, int attempt, long us);

    /// <summary>The end of an attempt was accepted from its worker.</summary>
    /// <param name="id">The job.</param>
    /// <param name="outcome">How the attempt ended.</param>
    /// <param name="us">Since its lease was granted.</param>
    void Reported(JobId id, Outcome outcome, long us);

    /// <summary>A job's terminal state became durable.</summary>
    /// <param name="end">The end.</param>
    /// <param name="us">Since the queue decided it.</param>
    void Ended(JobEnd end, long us);

    /// <summary>The end of an attempt became durable, and the job goes on.</summary>
    /// <param name="retry">The end.</param>
    /// <param name="us">Since the queue decided it.</param>
    void Retried(JobRetry retry, long us);

    /// <summary>The store refused to take what stood alone in a commit, for another reason than being away.</summary>
    /// <param name="id">The job it is about.</param>
    /// <param name="refusal">What the store said.</param>
    void Refused(JobId id, Error refusal)
    {
    }
}
