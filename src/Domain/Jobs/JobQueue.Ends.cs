using FaaS.Domain.Functions;

namespace FaaS.Domain.Jobs;

/// <content>Attempts and jobs ending, by any cause.</content>
public sealed partial class JobQueue
{
    /// <summary>Cores a run can have kept busy; CPU time is shown, not billed.</summary>
    private const int MaxCores = 64;

    private readonly DeadlineHeap _due;
    private readonly DeadlineHeap _expiries;

    /// <summary>
    /// Takes the ends of attempts. Each is accepted once, from the holder of the current lease; the reply, which lists
    /// those that were not, comes when the accepted ones are durable.
    /// </summary>
    public void Complete(
        Guid worker, IReadOnlyList<AttemptReport> reports, IReply<IReadOnlyList<LeaseToken>> reply, QueueTime now)
    {
        if (_fenced || HasLaterLease(reports))
        {
            reply.Reply(new Error(ErrorCode.Unavailable, "Another queue has taken over; report to it.", 1));
            return;
        }
        var seat = Seat(worker, now);
        var call = new CompleteCall(reports.Count, reply);
        call.Begin();
        foreach (var report in reports)
        {
            var slot = FindLeased(report.Job, report.Token, seat, now);
            if (slot < 0)
            {
                _staleReports++;
                call.Stale(report.Token);
            }
            else
            {
                Accept(slot, report.End, call.Settled, now);
            }
        }
    }

    /// <summary>Whether a later queue granted one of them: this one is about to learn that it is fenced.</summary>
    private bool HasLaterLease(IReadOnlyList<AttemptReport> reports)
    {
        for (var at = 0; at < reports.Count; at++)
            if (reports[at].Token.Epoch > _epoch) return true;
        return false;
    }

    private void Accept(int slot, AttemptEnd end, Action<Error?>? settled, QueueTime now)
    {
        ref var job = ref _jobs[slot];
        var lease = job.Lease!;
        _observer?.Reported(job.Id, end.Outcome, now.MonotonicUs - lease.GrantedAt.MonotonicUs);
        end = end with { Usage = Believable(end.Usage, lease, now) };
        var wallUs = (long)end.Usage.Wall.TotalMicroseconds;
        var function = job.Version!.Function;
        _share.Charge(function.Owner, wallUs - lease.ChargedUs);
        lease.ChargedUs = wallUs;
        _attempts++;
        _busyUs += wallUs;
        if (end.Outcome is not (Outcome.Crashed or Outcome.PlatformError or Outcome.Cancelled)) function.Measure(wallUs);
        // Replacing a killed sandbox costs everybody time: its owner pays for it.
        if (end.Outcome is Outcome.Crashed or Outcome.Timeout or Outcome.MemoryExceeded)
            _share.Charge(function.Owner, _rules.KillCostUs);

        if (job.Phase == JobPhase.Cancelling)
        {
            var cancelled = CancelledEnd(end.Usage) with { Logs = end.Logs };
            EndAttempt(slot, cancelled, job.Counts with { Ended = job.Ended + 1 }, settled, now);
            return;
        }
        var counts = new AttemptCounts(
            job.Ended + 1, job.Crashes + (end.Outcome == Outcome.Crashed ? 1 : 0), job.Losses);
        var retry = function.Policy?.Retry;
        if (lease.IsCut && end.Outcome == Outcome.Timeout) end = end with { Error = OutOfBudget(function.Owner.Account!) };
        else if (IsTriedAgain(end.Outcome, counts, retry))
        {
            RetryAttempt(slot, end.Usage, counts, now.WallMs + Backoff(counts.Ended, retry), settled, now);
            return;
        }
        EndAttempt(slot, end, counts, settled, now);
    }

    private bool IsTriedAgain(Outcome outcome, AttemptCounts counts, RetryPolicy? retry)
    {
        if (retry is not null)
            return outcome is Outcome.UserError or Outcome.Timeout or Outcome.Crashed or Outcome.PlatformError
                && counts.Ended - counts.Losses < retry.Attempts;
        return outcome switch
        {
            Outcome.Crashed => counts.Crashes < _rules.CrashLimit,
            Outcome.PlatformError => counts.Ended - counts.Crashes - counts.Losses < _rules.AttemptLimit,
            _ => false,
        };
    }

    private static FunctionError OutOfBudget(Account account)
    {
        var (name, limit) = account.TightestBudget();
        return new FunctionError(
            "TimeoutError", $"The user's budget of {limit} ms ({name}) was used up while the function ran.");
    }

    /// <summary>The lease ran out, or its worker is known to be gone.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="started">Whether the function may have run: only then the loss counts against the job.</param>
    /// <param name="now">The time.</param>
    private void Lose(Lease lease, bool started, QueueTime now)
    {
        var slot = lease.Slot;
        ref var job = ref _jobs[slot];
        _lostLeases++;
        if (job.Phase == JobPhase.Cancelling)
        {
            EndCancelled(slot, started, now);
            return;
        }
        if (!started)
        {
            GiveBack(slot);
            return;
        }
        var counts = new AttemptCounts(job.Ended + 1, job.Crashes, job.Losses + 1);
        if (counts.Losses < _rules.LossLimit)
        {
            RetryAttempt(slot, null, counts, 0, null, now);
            return;
        }
        var error = new FunctionError("PlatformError", $"Its worker was lost {counts.Losses} times.");
        EndAttempt(slot, AttemptEnd.Of(Outcome.PlatformError, error), counts, null, now);
    }

    private void EndAttempt(int slot, AttemptEnd end, AttemptCounts counts, Action<Error?>? settled, QueueTime now)
    {
        ref var job = ref _jobs[slot];
        var startedAtMs = job.Lease!.GrantedAt.WallMs;
        var account = job.Version!.Function.Owner.Account!;
        account.Use(BilledUs(end.Usage), now.WallMs);
        account.Ended(end.Value.Length + end.Logs.Length, now.MonotonicMs);
        EndLease(slot);
        job.Phase = JobPhase.Ending;
        var row = new JobEnd(job.Id, end.Outcome.TerminalState(), counts, end, startedAtMs, now.WallMs);
        AddPending(new PendingEnd(slot, row, settled, now));
    }

    private void RetryAttempt(
        int slot, ResourceUsage? usage, AttemptCounts counts, long dueAtMs, Action<Error?>? settled, QueueTime now)
    {
        ref var job = ref _jobs[slot];
        var startedAtMs = job.Lease!.GrantedAt.WallMs;
        if (usage is { } billed) job.Version!.Function.Owner.Account!.Use(BilledUs(billed), now.WallMs);
        EndLease(slot);
        job.Phase = JobPhase.Ending;
        AddPending(new PendingRetry(
            slot, new JobRetry(job.Id, counts, usage, dueAtMs, startedAtMs, now.WallMs), settled, now));
    }

    /// <summary>Ends a job of which no attempt runs. It must not stand in any list any more, or wait in one.</summary>
    private void EndUnrun(int slot, Outcome outcome, QueueTime now)
    {
        ref var job = ref _jobs[slot];
        if (job.Phase is JobPhase.Ready or JobPhase.Delayed) Unqueue(slot);
        job.Phase = JobPhase.Ending;
        _inFlight++;
        job.Version!.Function.Owner.Account!.Waiting--;
        var error = outcome == Outcome.Expired
            ? new FunctionError("ExpiredError", "No attempt started before the job's time to live was over.")
            : new FunctionError("CancelledError", "The job was cancelled before it ran.");
        var row = new JobEnd(
            job.Id, outcome.TerminalState(), job.Counts, AttemptEnd.Of(outcome, error), 0, now.WallMs);
        AddPending(new PendingEnd(slot, row, null, now));
    }

    /// <summary>A terminal state is durable: this one, or one the store had already, and then it is Db's to tell.</summary>
    private void Ended(PendingEnd end, WriteStatus status, QueueTime now)
    {
        _inFlight--;
        _terminal++;
        end.Settled();
        if (status != WriteStatus.Stored)
        {
            Dismiss(end.Slot, existed: true);
            return;
        }
        _observer?.Ended(end.Row, now.MonotonicUs - end.SinceUs);
        if (_interests.TryGetValue(end.Slot, out var interest)) interest.JobEnded(end.Row, this, now);
        Remove(end.Slot);
    }

    /// <summary>An attempt's end is durable and the job goes on.</summary>
    private void Retried(PendingRetry retry, WriteStatus status, QueueTime now)
    {
        _inFlight--;
        retry.Settled();
        if (status != WriteStatus.Stored)
        {
            _terminal++;
            Dismiss(retry.Slot, existed: true);
            return;
        }
        _observer?.Retried(retry.Row, now.MonotonicUs - retry.SinceUs);
        ref var job = ref _jobs[retry.Slot];
        job.SetCounts(retry.Row.Counts);
        job.DueMs = retry.Row.DueAtMs;
        job.ExpiresMs = 0;
        job.Phase = JobPhase.Submitting;
        job.Version!.Function.Owner.Account!.Waiting++;
        Release(retry.Slot, now);
    }

    /// <summary>
    /// Exponential backoff with full jitter (the upper half kept): uniform between half and all of
    /// <c>BackoffMs * 2^(attempt-1)</c>, capped.
    /// </summary>
    private long Backoff(int attempt, RetryPolicy? retry)
    {
        var (first, most) = (retry?.BackoffMs ?? _rules.BackoffMs, retry?.MaxBackoffMs ?? _rules.MaxBackoffMs);
        var full = Math.Min(most, (long)first << Math.Min(attempt - 1, 20));
        // SplitMix64 (Steele, Lea and Flood, 2014): the core's only source of spread, seeded from outside.
        _jitter += 0x9E3779B97F4A7C15UL;
        var mixed = (_jitter ^ (_jitter >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        return (full / 2) + (long)((mixed ^ (mixed >> 31)) % (ulong)((full / 2) + 1));
    }

    /// <summary>
    /// What a worker says it used, as far as it can be true: no more wall-clock time than the lease has lasted, nor than
    /// the function's limit allows. Both with a second on top, because clocks differ and a kill takes its time.
    /// </summary>
    private ResourceUsage Believable(ResourceUsage usage, Lease lease, QueueTime now)
    {
        var most = lease.Limit;
        // How long ago an earlier queue granted a lease, this one does not know.
        if (lease.Token.Epoch == _epoch)
        {
            var lasted = TimeSpan.FromMicroseconds(now.MonotonicUs - lease.GrantedAt.MonotonicUs);
            if (lasted < most) most = lasted;
        }
        most += TimeSpan.FromMilliseconds(_rules.UsageSlackMs);
        var wall = Bounded(usage.Wall, most);
        return new ResourceUsage(wall, Bounded(usage.Cpu, most * MaxCores), Bounded(usage.ColdStart, wall));
    }

    private static TimeSpan Bounded(TimeSpan span, TimeSpan most) =>
        span < TimeSpan.Zero ? TimeSpan.Zero : span < most ? span : most;

    private static long BilledUs(ResourceUsage usage) => (long)usage.Wall.TotalMicroseconds;

    private static AttemptEnd CancelledEnd(ResourceUsage usage) =>
        AttemptEnd.Of(Outcome.Cancelled, new FunctionError("CancelledError", "The job was cancelled while it ran."), usage);

    /// <summary>One request with several ends: answered when the last of them is settled.</summary>
    private sealed class CompleteCall(int count, IReply<IReadOnlyList<LeaseToken>> reply)
    {
        private readonly List<LeaseToken> _stale = [];
        private Error? _error;
        private int _open = count;

        /// <summary>Answers a request without reports.</summary>
        public void Begin()
        {
            if (_open == 0) reply.Reply(Result<IReadOnlyList<LeaseToken>>.Ok(_stale));
        }

        public void Stale(LeaseToken token)
        {
            _stale.Add(token);
            Settled(null);
        }

        public void Settled(Error? error)
        {
            _error ??= error;
            if (--_open > 0) return;
            reply.Reply(_error is null ? Result<IReadOnlyList<LeaseToken>>.Ok(_stale) : _error);
        }
    }
}
