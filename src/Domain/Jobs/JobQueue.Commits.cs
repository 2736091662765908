namespace FaaS.Domain.Jobs;

/// <content>What becomes durable, in groups.</content>
public sealed partial class JobQueue
{
    private const int RefusalsMax = 4;
    private const int NameCharsMax = 200;

    private readonly Queue<PendingWrite> _pending = new();
    private long _pendingBytes;
    private InFlightCommit? _inFlightCommit;
    private bool _commitTaken;
    private bool _storeAvailable = true;
    private bool _fenced;
    private long _storeRetryAtMs;
    private readonly List<(PendingWrite Write, long FromMs)> _parked = [];
    private int _rowsMax = int.MaxValue;

    /// <summary>Whether another queue has taken over: this one is to stop.</summary>
    public bool Fenced => _fenced;

    /// <summary>Whether everything it was asked to store is answered.</summary>
    public bool IsSettled => _inFlightCommit is null && _pending.Count == 0 && _parked.Count == 0;

    /// <summary>
    /// The next commit to carry to the store: false while one is under way or nothing is pending. One whose outcome is
    /// unknown is given out again, unchanged.
    /// </summary>
    public bool TryTakeCommit(out JobCommit commit)
    {
        commit = null!;
        if (_commitTaken || _fenced) return false;
        if (_inFlightCommit is null)
        {
            if (_pending.Count == 0) return false;
            _inFlightCommit = BuildCommit();
        }
        commit = _inFlightCommit.Commit;
        _commitTaken = true;
        return true;
    }

    /// <summary>The store has answered the commit that was taken last.</summary>
    public void CommitFinished(Result<JobCommitted> answer, QueueTime now)
    {
        _commitTaken = false;
        var flight = _inFlightCommit ?? throw new InvalidOperationException("No commit is under way.");
        if (answer.IsOk)
        {
            _inFlightCommit = null;
            _storeAvailable = true;
            // After a refusal the commits grow again step by step.
            if (_rowsMax < _rules.CommitRows) _rowsMax *= 2;
            Settle(flight, answer.Value, now);
            return;
        }
        if (answer.Error.Code is ErrorCode.BadRequest or ErrorCode.TooLarge)
        {
            Split(flight, answer.Error, now);
            return;
        }
        _storeAvailable = false;
        _storeRetryAtMs = now.MonotonicMs + _rules.StoreRetryMs;
        if (answer.Error.Code == ErrorCode.LeaseLost) Fence();
        else if (answer.Error.Code is ErrorCode.NotDurable or ErrorCode.Unavailable && !flight.IsUncertain) Withdraw(flight);
        // Anything else leaves the outcome unknown: the same commit goes out again until the answer is definite. Once it
        // was unknown, a try that certainly stored nothing says nothing about the tries before.
        else flight.IsUncertain = true;
    }

    private InFlightCommit BuildCommit()
    {
        var flight = new InFlightCommit(_epoch);
        long bytes = 0;
        while (_pending.TryPeek(out var next) && flight.Commit.Count < Math.Min(_rowsMax, _rules.CommitRows)
               && (bytes == 0 || bytes + next.Bytes <= _rules.CommitBytes)
               && (flight.Commit.Count == 0 || !next.GoesAlone))
        {
            _pending.Dequeue();
            _pendingBytes -= next.Bytes;
            bytes += next.Bytes;
            flight.Add(next);
            if (next.GoesAlone) break;
        }
        return flight;
    }

    private void Settle(InFlightCommit flight, JobCommitted answer, QueueTime now)
    {
        for (var at = 0; at < flight.New.Count; at++) Submitted(flight.New[at], answer.New[at], now);
        for (var at = 0; at < flight.Ended.Count; at++) Ended(flight.Ended[at], answer.Ended[at], now);
        for (var at = 0; at < flight.Retried.Count; at++) Retried(flight.Retried[at], answer.Retried[at], now);
        for (var at = 0; at < flight.Deleted.Count; at++) flight.Deleted[at].Reply(answer.Deleted[at]);
    }

    /// <summary>The store took no writes when it was last asked, and it is not yet time to ask again.</summary>
    private bool StoreIsAway(QueueTime now) =>
        !_storeAvailable && (_inFlightCommit is not null || now.MonotonicMs < _storeRetryAtMs);

    /// <summary>
    /// The store certainly took nothing. Submissions and deletions are refused, those behind them too; ends of attempts
    /// are kept and tried again, for they are facts.
    /// </summary>
    private void Withdraw(InFlightCommit flight)
    {
        _inFlightCommit = null;
        PendingWrite[] all = [.. flight.All, .. _pending];
        _pending.Clear();
        _pendingBytes = 0;
        var error = new Error(ErrorCode.NotDurable, "The store did not take the job; nothing was stored.", 1);
        var kept = new Error(ErrorCode.NotDurable, "The store did not take the deletion; nothing was deleted.", 1);
        foreach (var write in all)
        {
            if (write is PendingNew submission) Refuse(submission, error);
            else if (write is PendingDelete deletion) deletion.Fail(kept);
            else AddPending(write);
        }
    }

    /// <summary>
    /// The store, or the way to it, will not take this commit as it is: it is too large, or does not decode there.
    /// Repeating it would stop the queue, so its rows go out again in halves, until the one at fault stands alone.
    /// </summary>
    private void Split(InFlightCommit flight, Error refusal, QueueTime now)
    {
        _inFlightCommit = null;
        PendingWrite[] all = [.. flight.All];
        foreach (var write in all) write.MayBeStored |= flight.IsUncertain;
        if (all.Length == 1)
        {
            RefusedAlone(all[0], refusal, now);
            return;
        }
        _rowsMax = Math.Max(1, all.Length / 2);
        PendingWrite[] behind = [.. _pending];
        _pending.Clear();
        _pendingBytes = 0;
        foreach (var write in all.Concat(behind)) AddPending(write);
    }

    /// <summary>
    /// One row that was not taken by itself. Only its size is beyond doubt: what does not decode may have been damaged on
    /// the way, and is tried again. A submission or a deletion is answered after some tries; the end of a job is a fact:
    /// it is tried for ever, in a commit of its own and at times, or without what makes it too large.
    /// </summary>
    private void RefusedAlone(PendingWrite write, Error refusal, QueueTime now)
    {
        _observer?.Refused(write.Job, refusal);
        var isCertain = refusal.Code == ErrorCode.TooLarge;
        if (isCertain && write is PendingEnd { IsShort: false } end) AddPending(end.Shortened(now));
        else if (write is PendingEnd or PendingRetry || (!isCertain && ++write.Refusals < RefusalsMax)) Park(write, now);
        else if (write is PendingNew submission) Refuse(submission, Unstorable(write, refusal));
        else write.Fail(Unstorable(write, refusal));
    }

    private static Error Unstorable(PendingWrite write, Error refusal) => write.MayBeStored
        ? new Error(ErrorCode.OutcomeUnknown, "The store did not say what became of it; ask for the job in a moment.", 1)
        : new Error(ErrorCode.Internal, $"The store refuses it for good: {refusal.Message}");

    private void Park(PendingWrite write, QueueTime now)
    {
        write.GoesAlone = true;
        _parked.Add((write, now.MonotonicMs + _rules.StoreRetryMs));
    }

    /// <summary>Lets rows that were refused by themselves try again.</summary>
    private void Unpark(QueueTime now)
    {
        for (var at = 0; at < _parked.Count; at++)
        {
            if (_parked[at].FromMs > now.MonotonicMs) continue;
            AddPending(_parked[at].Write);
            _parked.RemoveAt(at--);
        }
    }

    private void Fence()
    {
        _fenced = true;
        var error = new Error(ErrorCode.OutcomeUnknown, "Another queue has taken over; ask for the job in a moment.", 1);
        PendingWrite[] all = [.. _inFlightCommit!.All, .. _pending, .. _parked.Select(parked => parked.Write)];
        _parked.Clear();
        _inFlightCommit = null;
        _pending.Clear();
        _pendingBytes = 0;
        foreach (var write in all) write.Fail(error);
        // Cancellations wait for ends that this queue will not write any more.
        foreach (var (_, interest) in _interests.OrderBy(entry => entry.Key))
        {
            foreach (var cancel in interest.Cancels) cancel.Reply.Reply(error);
            interest.Cancels.Clear();
        }
        EndParkedRequests();
    }

    private void Refuse(PendingNew submission, Error error)
    {
        _submitting.Remove(submission.Slot);
        submission.Fail(error);
        NotAdmitted(submission);
        Dismiss(submission.Slot, existed: false);
    }

    private void AddPending(PendingWrite write)
    {
        _pending.Enqueue(write);
        _pendingBytes += write.Bytes;
    }

    /// <summary>A row that waits for its commit, and who is told of the outcome.</summary>
    private abstract class PendingWrite(int bytes, QueueTime now = default)
    {
        /// <summary>Since when it waits, in microseconds of the monotonic clock.</summary>
        public long SinceUs { get; } = now.MonotonicUs;

        public int Bytes { get; } = bytes;

        public abstract JobId Job { get; }

        /// <summary>Whether an earlier commit with it had an unknown outcome.</summary>
        public bool MayBeStored { get; set; }

        /// <summary>Whether it was refused by itself, so that it must not hold up others again.</summary>
        public bool GoesAlone { get; set; }

        /// <summary>How often it was refused by itself.</summary>
        public int Refusals { get; set; }

        public abstract void Fail(Error error);
    }

    private sealed class PendingNew(int slot, NewJob row, Account account, QueueTime now)
        : PendingWrite(row.Submission.Arguments.InlineLength * 4 / 3, now)
    {
        public int Slot { get; } = slot;

        public NewJob Row { get; } = row;

        public Account Account { get; } = account;

        public override JobId Job => Row.Submission.Id;

        public List<(SubmitCall Call, int At)> Calls { get; } = new(1);

        public override void Fail(Error error)
        {
            foreach (var (call, at) in Calls) call.Answer(at, error);
        }
    }

    private sealed class PendingEnd(int slot, JobEnd row, Action<Error?>? settled, QueueTime now)
        : PendingWrite(row.End.MessageBytes, now)
    {
        public int Slot { get; } = slot;

        public JobEnd Row { get; } = row;

        public override JobId Job => Row.Id;

        /// <summary>Whether what made it large was left out already.</summary>
        public bool IsShort { get; private init; }

        /// <summary>The same end and bill without result, logs and error text.</summary>
        public PendingEnd Shortened(QueueTime now)
        {
            var outcome = Row.End.Outcome == Outcome.Success ? Outcome.ResultTooLarge : Row.End.Outcome;
            var name = outcome == Outcome.ResultTooLarge ? "ResultTooLargeError" : Row.End.Error?.Name ?? "Error";
            var error = new FunctionError(name[..Math.Min(name.Length, NameCharsMax)], "It was too large to be stored.");
            var state = outcome == Row.End.Outcome ? Row.State : outcome.TerminalState();
            var shorter = Row with { State = state, End = AttemptEnd.Of(outcome, error, Row.End.Usage) };
            return new PendingEnd(Slot, shorter, settled, now) { IsShort = true, MayBeStored = MayBeStored };
        }

        public void Settled() => settled?.Invoke(null);

        public override void Fail(Error error) => settled?.Invoke(error);
    }

    private sealed class PendingRetry(int slot, JobRetry row, Action<Error?>? settled, QueueTime now)
        : PendingWrite(0, now)
    {
        public int Slot { get; } = slot;

        public JobRetry Row { get; } = row;

        public override JobId Job => Row.Id;

        public void Settled() => settled?.Invoke(null);

        public override void Fail(Error error) => settled?.Invoke(error);
    }

    private sealed class PendingDelete(JobId id, IReply<bool> reply) : PendingWrite(0)
    {
        public JobId Id { get; } = id;

        public override JobId Job => Id;

        public void Reply(bool existed) => reply.Reply(existed);

        public override void Fail(Error error) => reply.Reply(error);
    }

    /// <summary>The commit under way, with what to do when it is answered.</summary>
    private sealed class InFlightCommit
    {
        private readonly List<NewJob> _newRows = [];
        private readonly List<JobEnd> _endRows = [];
        private readonly List<JobRetry> _retryRows = [];
        private readonly List<JobId> _deleteRows = [];

        public InFlightCommit(long epoch) => Commit = new JobCommit(epoch, _newRows, _endRows, _retryRows, _deleteRows);

        public JobCommit Commit { get; }

        /// <summary>Whether a try of it had an unknown outcome, so that it may be stored already.</summary>
        public bool IsUncertain { get; set; }

        public List<PendingNew> New { get; } = [];

        public List<PendingEnd> Ended { get; } = [];

        public List<PendingRetry> Retried { get; } = [];

        public List<PendingDelete> Deleted { get; } = [];

        public IEnumerable<PendingWrite> All => [.. New, .. Ended, .. Retried, .. Deleted];

        public void Add(PendingWrite write)
        {
            IsUncertain |= write.MayBeStored;
            switch (write)
            {
                case PendingNew submission:
                    New.Add(submission);
                    _newRows.Add(submission.Row);
                    break;
                case PendingEnd end:
                    Ended.Add(end);
                    _endRows.Add(end.Row);
                    break;
                case PendingRetry retry:
                    Retried.Add(retry);
                    _retryRows.Add(retry.Row);
                    break;
                case PendingDelete deletion:
                    Deleted.Add(deletion);
                    _deleteRows.Add(deletion.Id);
                    break;
            }
        }
    }
}
