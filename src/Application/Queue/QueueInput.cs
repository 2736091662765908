using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Queue;

/// <summary>Something for the queue's loop to hand to the core.</summary>
internal interface IQueueInput
{
    void Apply(JobQueue queue, QueueTime now);

    /// <summary>The loop will never apply it.</summary>
    void Refuse(Error error);
}

/// <summary>A request to the core whose caller awaits the answer.</summary>
/// <param name="apply">Hands the request to the core.</param>
/// <param name="undelivered">Hears of an answer that nobody took, because the caller had given up.</param>
/// <typeparam name="T">The answer.</typeparam>
internal sealed class QueueQuestion<T>(Action<JobQueue, IReply<T>, QueueTime> apply, Action<T>? undelivered)
    : TaskCompletionSource<Result<T>>(TaskCreationOptions.RunContinuationsAsynchronously), IQueueInput, IReply<T>
{
    public void Apply(JobQueue queue, QueueTime now)
    {
        // Nobody waits any more: a parked request would only take up room.
        if (!Task.IsCompleted) apply(queue, this, now);
    }

    public void Refuse(Error error) => TrySetResult(error);

    public void Reply(Result<T> answer)
    {
        if (!TrySetResult(answer) && answer.IsOk) undelivered?.Invoke(answer.Value);
    }
}

/// <summary>A note to the core that nobody awaits.</summary>
internal sealed class QueueNote(Action<JobQueue, QueueTime> apply) : IQueueInput
{
    public void Apply(JobQueue queue, QueueTime now) => apply(queue, now);

    public void Refuse(Error error)
    {
    }
}
