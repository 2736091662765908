using System.Diagnostics;
using FaaS.Domain;
using FaaS.Infrastructure.Sqlite.Native;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// The one writer: a thread with the only connection that writes. Whatever has arrived becomes one transaction and one
/// fsync; what arrives meanwhile is the next one. A crash before the commit leaves nothing of it, after it everything,
/// and answers are given only after it.
/// </summary>
internal sealed class Writer : IDisposable
{
    private const int MaxGroup = 256;
    private const int MaxWaiting = 8_192;

    /// <summary>
    /// After 64 MiB the log is merged on the writer's own time. Under load the merger never sees the log's end, and
    /// only a log that is merged to its end is written from its beginning again.
    /// </summary>
    private const int LargeLogPages = 16_384;

    private readonly Lock _gate = new();
    private readonly Queue<Operation> _waiting = new();
    private readonly AutoResetEvent _arrived = new(false);
    private readonly Statements _statements;
    private readonly Database _database;
    private readonly Action<Statements> _rolledBack;
    private readonly Action<int> _written;
    private readonly Action<SqliteFailure> _diskFailed;
    private readonly SqliteMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private bool _closed;
    private volatile bool _broken;
    private int _logPages;

    /// <param name="statements">The connection, from now on the writer's alone.</param>
    /// <param name="rolledBack">Forgets what was cached inside a transaction that did not happen.</param>
    /// <param name="written">Told how many pages a commit has added to the log.</param>
    /// <param name="diskFailed">
    /// Ends the process: after a failed fsync nobody knows what the disk holds, and a damaged file is not written to.
    /// </param>
    /// <param name="metrics">Counts and times the transactions.</param>
    /// <param name="logger">Takes what went wrong.</param>
    public Writer(
        Statements statements, Action<Statements> rolledBack, Action<int> written, Action<SqliteFailure> diskFailed,
        SqliteMetrics metrics, ILogger logger)
    {
        _statements = statements;
        _database = statements.Database;
        _rolledBack = rolledBack;
        _written = written;
        _diskFailed = diskFailed;
        _metrics = metrics;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "sqlite-writer" };
        _thread.Start();
    }

    /// <summary>Transactions committed.</summary>
    public long Commits { get; private set; }

    /// <summary>
    /// Does something within the next transaction; answered when that is durable. A wait that is cancelled before its
    /// transaction begins has written nothing; later the answer is given all the same.
    /// </summary>
    public Task<Result<T>> DoAsync<T>(Func<Statements, Result<T>> work, CancellationToken cancellation)
    {
        var operation = new Operation<T>(work, cancellation);
        lock (_gate)
        {
            if (_closed || _waiting.Count >= MaxWaiting)
            {
                operation.Fail(
                    ErrorCode.NotDurable, _closed ? "The store is closing." : "Too many writes wait for the store.");
                return operation.Task;
            }
            _waiting.Enqueue(operation);
            // Within the lock: once the writer has seen the end, the signal is disposed of.
            _arrived.Set();
        }
        return operation.Task;
    }

    /// <summary>Writes nothing any more: the file is damaged.</summary>
    public void Break() => _broken = true;

    /// <summary>Finishes what waits, merges the log into the file and closes.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
        }
        _arrived.Set();
        _thread.Join();
        _statements.Dispose();
        _arrived.Dispose();
    }

    private void Run()
    {
        var group = new List<Operation>(MaxGroup);
        while (true)
        {
            group.Clear();
            bool closing;
            lock (_gate)
            {
                while (group.Count < MaxGroup && _waiting.TryDequeue(out var next)) group.Add(next);
                closing = _closed;
            }
            if (group.Count > 0) Commit(group);
            else if (closing) break;
            else _arrived.WaitOne();
        }
        if (!_broken) TryMerge(_database.EmptyLog);
    }

    private void Commit(List<Operation> group)
    {
        group.RemoveAll(operation => operation.WasCancelled());
        if (group.Count == 0) return;
        if (_broken)
        {
            foreach (var operation in group)
                operation.Fail(ErrorCode.NotDurable, "The store's disk has failed, or its file is damaged.");
            return;
        }
        var committing = false;
        var began = Stopwatch.GetTimestamp();
        try
        {
            _statements["BEGIN IMMEDIATE"].Run();
            foreach (var operation in group) Work(operation, isAlone: group.Count == 1);
            committing = true;
            _statements["COMMIT"].Run();
        }
        catch (SqliteFailure failure)
        {
            Abort(group, failure, committing);
            return;
        }
        Commits++;
        _metrics.Committed(group.Count, Stopwatch.GetElapsedTime(began));
        foreach (var operation in group) operation.Publish();
        CountPages();
    }

    /// <summary>Does one write. If it fails by itself it is taken back and told, and the others go on.</summary>
    private void Work(Operation operation, bool isAlone)
    {
        if (!isAlone) _statements["SAVEPOINT operation"].Run();
        try
        {
            operation.Work(_statements);
        }
#pragma warning disable CA1031 // One write's defect must not take down the thread that everybody's writes depend on.
        catch (Exception error) when (error is not SqliteFailure failure || failure.IsOfStatement)
#pragma warning restore CA1031
        {
            SqliteLog.WriteFailed(_logger, error);
            _statements.Settle();
            _statements[isAlone ? "ROLLBACK" : "ROLLBACK TO operation"].Run();
            if (isAlone) _statements["BEGIN IMMEDIATE"].Run();
            _rolledBack(_statements);
            operation.Fail(ErrorCode.NotDurable, $"The store could not write ({error.Message}).");
        }
        if (!isAlone) _statements["RELEASE operation"].Run();
    }

    /// <summary>
    /// Nothing of the transaction is there. After a failure of the disk this is not known: the log may have the commit,
    /// and a second fsync may succeed without having written what the first one lost. Only a new process, reading what
    /// is really on the disk, can tell. A damaged page that was read before the commit leaves no doubt: the transaction
    /// is never committed.
    /// </summary>
    private void Abort(List<Operation> group, SqliteFailure failure, bool committing)
    {
        _statements.Settle();
        _metrics.RolledBack();
        if (failure.IsDiskFailure)
        {
            _broken = true;
            _diskFailed(failure);
            var code = failure.IsDamage && !committing ? ErrorCode.NotDurable : ErrorCode.OutcomeUnknown;
            foreach (var operation in group) operation.Fail(code, $"The store's disk failed ({failure.Message}).");
            return;
        }
        SqliteLog.RolledBack(_logger, failure, group.Count);
        if (_database.InTransaction) _statements["ROLLBACK"].Run();
        _rolledBack(_statements);
        foreach (var operation in group)
            operation.Fail(ErrorCode.NotDurable, $"The store could not write ({failure.Message}).");
    }

    private void CountPages()
    {
        var pages = _database.TakePagesWritten();
        if (pages == 0) return;
        _written(pages);
        _logPages += pages;
        if (_logPages < LargeLogPages) return;
        _logPages = 0;
        TryMerge(_database.MergeLog);
    }

    private void TryMerge(Action merge)
    {
        try
        {
            merge();
        }
        catch (SqliteFailure failure) when (failure.IsDiskFailure)
        {
            _broken = true;
            _diskFailed(failure);
        }
        catch (SqliteFailure failure)
        {
            SqliteLog.CheckpointFailed(_logger, failure.Message);
        }
    }

    private abstract class Operation(CancellationToken cancellation)
    {
        protected CancellationToken Cancellation { get; } = cancellation;

        public abstract bool WasCancelled();

        public abstract void Work(Statements statements);

        public abstract void Publish();

        public abstract void Fail(ErrorCode code, string why);
    }

    private sealed class Operation<T>(Func<Statements, Result<T>> work, CancellationToken cancellation)
        : Operation(cancellation)
    {
        private readonly TaskCompletionSource<Result<T>> _answer =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Result<T> _result;

        public Task<Result<T>> Task => _answer.Task;

        public override bool WasCancelled() =>
            Cancellation.IsCancellationRequested && _answer.TrySetCanceled(Cancellation);

        public override void Work(Statements statements) => _result = work(statements);

        /// <summary>Answers, unless it has failed before.</summary>
        public override void Publish() => _answer.TrySetResult(_result);

        public override void Fail(ErrorCode code, string why) => _answer.TrySetResult(new Error(code, why, 1));
    }
}
