using System.Diagnostics;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Queue.Remote;

/// <summary>
/// Stands in for the queue where it lives in another process: submissions that come while others are under way travel
/// together. The first ones go at once; under load a message carries as many jobs as came during a commit.
/// </summary>
/// <param name="plain">Forwards one request.</param>
/// <param name="deadline">How long a submission waits for its turn at most.</param>
/// <param name="time">Tells how long one has waited.</param>
internal sealed class SubmissionMerger(
    IRequestHandler<EnqueueJobs, Result<EnqueuedJobs>> plain, TimeSpan deadline, TimeProvider time)
    : IRequestHandler<EnqueueJobs, Result<EnqueuedJobs>>
{
    private const int UnderWayMax = 3;
    private const int JobsMax = 256;
    private const int BytesMax = 128 << 10;
    private const int WaitingMax = 16_384;

    private readonly Lock _gate = new();
    private readonly Queue<Submission> _waiting = new();
    private int _underWay;

    public async Task<Result<EnqueuedJobs>> Handle(EnqueueJobs request, CancellationToken cancellationToken)
    {
        var submission = new Submission(request, time.GetTimestamp());
        bool mayGo;
        lock (_gate)
        {
            if (_waiting.Count >= WaitingMax)
                return new Error(ErrorCode.Unavailable, "Too many submissions wait for the queue; try again.", 1);
            _waiting.Enqueue(submission);
            mayGo = _underWay < UnderWayMax;
            if (mayGo) _underWay++;
        }
        if (mayGo) _ = SendAsync();
        return await submission.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends what waits until nothing does.</summary>
    private async Task SendAsync()
    {
        while (Take() is { } batch)
        {
            // A trace has one parent: the first one's.
            Activity.Current = batch[0].Activity;
            try
            {
                await SendAsync(batch).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever it is, it is theirs who wait; the next batch may do better.
            catch (Exception error)
#pragma warning restore CA1031
            {
                foreach (var submission in batch) submission.TrySetException(error);
            }
        }
    }

    private async Task SendAsync(List<Submission> batch)
    {
        var request = batch.Count == 1 ? batch[0].Request : new EnqueueJobs([.. batch.SelectMany(one => one.Request.Jobs)]);
        var answer = await plain.Handle(request, CancellationToken.None).ConfigureAwait(false);
        if (answer.IsOk)
        {
            var at = 0;
            foreach (var submission in batch)
            {
                var jobs = submission.Request.Jobs.Count;
                submission.TrySetResult(new EnqueuedJobs([.. answer.Value.Errors.Skip(at).Take(jobs)]));
                at += jobs;
            }
        }
        else if (batch.Count > 1 && IsAboutTheRequest(answer.Error))
        {
            // One of them is no good, and the others are not to suffer for it. A job's id makes it safe to send it again.
            foreach (var submission in batch)
                submission.TrySetResult(await plain.Handle(submission.Request, CancellationToken.None).ConfigureAwait(false));
        }
        else
        {
            foreach (var submission in batch) submission.TrySetResult(answer.Error);
        }
    }

    private static bool IsAboutTheRequest(Error error) => error.Code is not
        (ErrorCode.Unavailable or ErrorCode.OutcomeUnknown or ErrorCode.NotDurable or ErrorCode.QueueFull);

    private List<Submission>? Take()
    {
        lock (_gate)
        {
            var batch = new List<Submission>();
            var (jobs, bytes) = (0, 0);
            while (_waiting.TryPeek(out var next))
            {
                if (time.GetElapsedTime(next.CameAt) >= deadline)
                {
                    _waiting.Dequeue().TrySetResult(
                        new Error(ErrorCode.Unavailable, "The queue did not take the submission in time; try again.", 1));
                    continue;
                }
                if (batch.Count > 0 && (jobs + next.Request.Jobs.Count > JobsMax || bytes + next.Bytes > BytesMax)) break;
                (jobs, bytes) = (jobs + next.Request.Jobs.Count, bytes + next.Bytes);
                batch.Add(_waiting.Dequeue());
            }
            if (batch.Count > 0) return batch;
            _underWay--;
            return null;
        }
    }

    /// <summary>One who submits.</summary>
    private sealed class Submission(EnqueueJobs request, long cameAt)
        : TaskCompletionSource<Result<EnqueuedJobs>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        /// <summary>Names and numbers of one job, in JSON.</summary>
        private const int JobBytes = 300;

        public EnqueueJobs Request => request;

        public long CameAt => cameAt;

        public Activity? Activity { get; } = Activity.Current;

        public int Bytes { get; } = request.Jobs.Sum(job => JobBytes + (job.Arguments.InlineLength * 4 / 3));
    }
}
