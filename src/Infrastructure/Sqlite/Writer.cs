using FaaS.Domain;
using FaaS.Infrastructure.Sqlite.Native;
using Microsoft.Extensions.Logging;
using SQLitePCL;

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

    /// <summary>Beyond this the log is merged on the writer's own time: it must not grow without end under load.</summary>
    private const int LargeLogPages = 65_536;

    private readonly Lock _gate = new();
    private readonly Queue<Operation> _waiting = new();
    private readonly AutoResetEvent _arrived = new(false);
    private readonly Statements _statements;
    private readonly Database _database;
    private readonly Action _rolledBack;
    private readonly Action<string> _die;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private bool _closed;

    /// <param name="statements">The connection, from now on the writer's alone.</param>
    /// <param name="rolledBack">Forgets what was cached inside a transaction that did not happen.</param>
    /// <param name="die">Ends the process: after a failed fsync nobody knows what the disk holds.</param>
    /// <param name="logger">Takes what went wrong.</param>
    public Writer(Statements statements, Action rolledBack, Action<string> die, ILogger logger)
    {
        _statements = statements;
        _database = statements.Database;
        _rolledBack = rolledBack;
        _die = die;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "sqlite-writer" };
        _thread.Start();
    }

    /// <summary>Transactions committed.</summary>
    public long Commits { get; private set; }

    /// <summary>Does something within the next transaction; answered when that is durable.</summary>
    public Task<Result<T>> DoAsync<T>(Func<Statements, Result<T>> work)
    {
        var operation = new Operation<T>(work);
        lock (_gate)
        {
            if (_closed || _waiting.Count >= MaxWaiting)
            {
                operation.Fail(_closed ? "The store is closing." : "Too many writes wait for the store.");
                return operation.Task;
            }
            _waiting.Enqueue(operation);
        }
        _arrived.Set();
        return operation.Task;
    }

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
        try
        {
            _database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteFailure error)
        {
            SqliteLog.CheckpointFailed(_logger, error.Message);
        }
    }

    private void Commit(List<Operation> group)
    {
        try
        {
            _database.Execute("BEGIN IMMEDIATE");
            foreach (var operation in group) operation.Work(_statements);
        }
#pragma warning disable CA1031 // Whatever it was, the transaction is rolled back and everybody in it is told.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Abort(group, error);
            return;
        }
        try
        {
            _database.Execute("COMMIT");
        }
        catch (SqliteFailure error)
        {
            if (error.Primary == raw.SQLITE_IOERR) _die($"The disk failed while a commit was written: {error.Message}");
            Abort(group, error);
            return;
        }
        Commits++;
        foreach (var operation in group) operation.Publish();
        if (Commits % 4096 == 0) MergeLargeLog();
    }

    private void Abort(List<Operation> group, Exception error)
    {
        SqliteLog.RolledBack(_logger, error, group.Count);
        if (_database.InTransaction) _database.Execute("ROLLBACK");
        _rolledBack();
        foreach (var operation in group) operation.Fail($"The store could not write ({error.Message}).");
    }

    private void MergeLargeLog()
    {
        using var checkpoint = _database.Prepare("PRAGMA wal_checkpoint(PASSIVE)");
        if (!checkpoint.Step() || checkpoint.Int64(1) < LargeLogPages) return;
        checkpoint.Reset();
        _database.Execute("PRAGMA wal_checkpoint(RESTART)");
    }

    private abstract class Operation
    {
        public abstract void Work(Statements statements);

        public abstract void Publish();

        public abstract void Fail(string why);
    }

    private sealed class Operation<T>(Func<Statements, Result<T>> work) : Operation
    {
        private readonly TaskCompletionSource<Result<T>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Result<T> _result;

        public Task<Result<T>> Task => _answer.Task;

        public override void Work(Statements statements) => _result = work(statements);

        public override void Publish() => _answer.TrySetResult(_result);

        public override void Fail(string why) => _answer.TrySetResult(new Error(ErrorCode.NotDurable, why, 1));
    }
}
