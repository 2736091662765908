namespace FaaS.Domain.Jobs;

/// <content>Jobs coming in.</content>
public sealed partial class JobQueue
{
    private readonly Dictionary<int, PendingNew> _submitting = [];

    /// <summary>
    /// Takes submissions; the reply has one entry a job, null for one that is durable. A job that is known already is
    /// answered like the first time, so a submission may be repeated.
    /// </summary>
    public void Enqueue(IReadOnlyList<JobSubmission> submissions, IReply<IReadOnlyList<Error?>> reply, QueueTime now)
    {
        var refusal = RefuseSubmissions(submissions.Count, now);
        if (refusal is not null)
        {
            reply.Reply(refusal);
            return;
        }
        var call = new SubmitCall(submissions.Count, reply);
        call.Begin();
        for (var at = 0; at < submissions.Count; at++) Submit(submissions[at], call, at, now);
    }

    private Error? RefuseSubmissions(int count, QueueTime now)
    {
        if (Draining || _fenced)
            return new Error(ErrorCode.Unavailable, "The queue is shutting down; submit again in a moment.", 1);
        if (StoreIsAway(now))
            return new Error(ErrorCode.NotDurable, "The store does not take jobs at the moment; nothing was stored.", 1);
        if (_pending.Count + count > _rules.PendingRows || _pendingBytes > _rules.PendingBytes)
            return new Error(ErrorCode.Unavailable, "Too many jobs wait to be stored; submit again in a moment.", 1);
        if (_jobs.Count + count > _rules.MaxJobs)
            return new Error(ErrorCode.QueueFull,
                $"The queue holds {_rules.MaxJobs} jobs at most; submit again later.", SecondsToDrain());
        return null;
    }

    private void Submit(JobSubmission submission, SubmitCall call, int at, QueueTime now)
    {
        var slot = _jobs.Find(submission.Id);
        if (slot >= 0)
        {
            if (_submitting.TryGetValue(slot, out var earlier)) earlier.Calls.Add((call, at));
            else call.Answer(at, null);
            return;
        }
        var account = _accounts.Of(submission.User);
        if (account.Admit(submission.Arguments.Length, now) is { } refusal)
        {
            _accounts.Release(account);
            call.Answer(at, refusal);
            return;
        }
        slot = _jobs.Add(submission.Id);
        ref var job = ref _jobs[slot];
        job.Phase = JobPhase.Submitting;
        job.Sequence = _nextSequence++;
        job.DueMs = submission.DueAtMs;
        job.ExpiresMs = submission.ExpiresAtMs;
        var pending = new PendingNew(slot, new NewJob(job.Sequence, submission), account, now);
        pending.Calls.Add((call, at));
        _submitting.Add(slot, pending);
        AddPending(pending);
    }

    private void Submitted(PendingNew pending, NewJobOutcome outcome, QueueTime now)
    {
        var slot = pending.Slot;
        _submitting.Remove(slot);
        foreach (var (call, at) in pending.Calls) call.Answer(at, outcome.Error);
        if (outcome.Status != WriteStatus.Stored)
        {
            NotAdmitted(pending);
            // Nobody can wait for it but those who ask twice at once: what ended long ago is Db's to answer.
            Dismiss(slot, outcome.Status == WriteStatus.Ignored);
            return;
        }
        ref var job = ref _jobs[slot];
        job.Sequence = outcome.Sequence;
        _submitted++;
        _observer?.Stored(job.Id, now.MonotonicUs - pending.SinceUs);
        Bind(slot, outcome.Binding!);
        // What is not due yet would hold the cache's places for as long as it waits.
        if (job.DueMs <= now.WallMs) _arguments.Keep(job.Id, pending.Row.Submission.Arguments.Inline);
        Release(slot, now);
    }

    /// <summary>It does not wait after all: there is no such function, or the store did not take it.</summary>
    private void NotAdmitted(PendingNew pending)
    {
        pending.Account.Withdraw(pending.Row.Submission.Arguments.Length);
        _accounts.Release(pending.Account);
    }

    /// <summary>Seconds until there is room again, from how fast jobs have been ending; 1 to 60.</summary>
    private int SecondsToDrain()
    {
        var excess = Math.Max(1, _jobs.Count - (_rules.MaxJobs * 99L / 100));
        // While nothing ends nobody knows: one a second is hoped for, and a minute is the most to wait for it.
        return _endedPerSecond > 0
            ? (int)Math.Clamp(Math.Ceiling(excess / _endedPerSecond), 1, 3_600)
            : (int)Math.Min(excess, 60);
    }

    /// <summary>One request with several submissions: answered when the last of them is settled.</summary>
    private sealed class SubmitCall(int count, IReply<IReadOnlyList<Error?>> reply)
    {
        private readonly Error?[] _errors = new Error?[count];
        private int _open = count;

        /// <summary>Answers a request without submissions.</summary>
        public void Begin()
        {
            if (_open == 0) reply.Reply(Result<IReadOnlyList<Error?>>.Ok(_errors));
        }

        public void Answer(int at, Error? error)
        {
            _errors[at] = error;
            if (--_open == 0) reply.Reply(Result<IReadOnlyList<Error?>>.Ok(_errors));
        }
    }
}
