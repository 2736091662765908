namespace FaaS.Domain.Jobs;

/// <content>What becomes durable, in groups.</content>
public sealed partial class JobQueue
{
    private readonly Queue<PendingWrite> _pending = new();
    private long _pendingBytes;
    private InFlightCommit? _inFlightCommit;
    private bool _commitTaken;
    private bool _storeAvailable = true;
    private bool _fenced;
    private long _storeRetryAtMs;
    private int _rowsMax = int.MaxValue;

    /// <summary>How often the store has refused a row for good that stood alone.</summary>
    public long RefusedRows { get; private set; }

    /// <summary>Whether another queue has taken over: this one is to stop.</summary>
    public bool Fenced => _fenced;

    /// <summary>Whether everything it was asked to store is answered.</summary>
    public bool IsSettled => _inFlightCommit is null && _pending.Count == 0;

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
               && (bytes == 0 || bytes + next.Bytes <= _rules.CommitBytes))
        {
            _pending.Dequeue();
            _pendingBytes -= next.Bytes;
            bytes += next.Bytes;
            flight.Add(next);
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
    /// The store, or the way to it, will never take this commit: it is malformed or too large. Repeating it would stop the
    /// queue for good, so its rows go out again in halves, until the one that is at fault stands alone.
    /// </summary>
    private void Split(InFlightCommit flight, Error refusal, QueueTime now)
    {
        _inFlightCommit = null;
        if (flight.Commit.Count == 1)
        {
            RefuseForGood(flight.All.Single(), refusal, now);
            return;
        }
        _rowsMax = Math.Max(1, flight.Commit.Count / 2);
        PendingWrite[] all = [.. flight.All, .. _pending];
        _pending.Clear();
        _pendingBytes = 0;
        foreach (var write in all)
        {
            write.MayBeStored |= flight.IsUncertain;
            AddPending(write);
        }
    }

    /// <summary>
    /// One row that cannot be stored. A submission or a deletion is answered so; a job that ran ends all the same, as the
    /// platform's error and billed for what it used. Where not even that is taken, the store and this queue do not
    /// understand each other: the fact is kept, and tried again behind the others.
    /// </summary>
    private void RefuseForGood(PendingWrite write, Error refusal, QueueTime now)
    {
        RefusedRows++;
        var error = new Error(ErrorCode.Internal, $"The store refuses it for good: {refusal.Message}");
        switch (write)
        {
            case PendingNew submission:
                Refuse(submission, error);
                break;
            case PendingDelete deletion:
                deletion.Fail(error);
                break;
            case PendingEnd end:
                AddPending(end.StandsFor ?? end.Substitute(error.Message, now));
                break;
            default:
                AddPending(write);
                break;
        }
    }

    private void Fence()
    {
        _fenced = true;
        var error = new Error(ErrorCode.OutcomeUnknown, "Another queue has taken over; ask for the job in a moment.", 1);
        PendingWrite[] all = [.. _inFlightCommit!.All, .. _pending];
        _inFlightCommit = null;
        _pending.Clear();
        _pendingBytes = 0;
        foreach (var write in all) write.Fail(error);
        // Cancellations wait for ends that this queue will not write any more.
        foreach (var (_, interest) in _interests.OrderBy(entry => entry.Key))
        {
            foreach (var cancel in interest.Cancels) cancel.Reply(error);
            interest.Cancels.Clear();
        }
        EndParkedRequests();
    }

    private void Refuse(PendingNew submission, Error error)
    {
        _submitting.Remove(submission.Slot);
        submission.Fail(error);
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

        /// <summary>Whether an earlier commit with it had an unknown outcome.</summary>
        public bool MayBeStored { get; set; }

        public abstract void Fail(Error error);
    }

    private sealed class PendingNew(int slot, NewJob row, QueueTime now)
        : PendingWrite(row.Submission.Arguments.InlineLength * 4 / 3, now)
    {
        public int Slot { get; } = slot;

        public NewJob Row { get; } = row;

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

        /// <summary>The end that this one is tried in place of.</summary>
        public PendingEnd? StandsFor { get; private init; }

        /// <summary>The same end with the platform's error in place of what the store refuses.</summary>
        public PendingEnd Substitute(string why, QueueTime now)
        {
            var end = AttemptEnd.Of(Outcome.PlatformError, new FunctionError("PlatformError", why), Row.End.Usage);
            return new PendingEnd(Slot, Row with { State = end.Outcome.TerminalState(), End = end }, settled, now)
            {
                StandsFor = this,
            };
        }

        public void Settled() => settled?.Invoke(null);

        public override void Fail(Error error) => settled?.Invoke(error);
    }

    private sealed class PendingRetry(int slot, JobRetry row, Action<Error?>? settled, QueueTime now)
        : PendingWrite(0, now)
    {
        public int Slot { get; } = slot;

        public JobRetry Row { get; } = row;

        public void Settled() => settled?.Invoke(null);

        public override void Fail(Error error) => settled?.Invoke(error);
    }

    private sealed class PendingDelete(JobId id, IReply<bool> reply) : PendingWrite(0)
    {
        public JobId Id { get; } = id;

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
