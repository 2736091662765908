using System.Diagnostics.Metrics;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sqlite.Native;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>How the process is ended by its store.</summary>
/// <param name="Die">At once, after a failed fsync: only a new process can tell what the disk holds.</param>
/// <param name="Stop">In order, when the file is damaged: what runs may finish, nothing is stored any more.</param>
internal sealed record StoreEnds(Action<string> Die, Action<string> Stop);

/// <summary>The open file: its writer, its readers, and what both know.</summary>
internal sealed class SqliteStore : IDisposable
{
    private const long PageSize = 4096;
    private const string SelectEpoch = "SELECT value FROM meta WHERE key = 'epoch'";

    private readonly StoreFile _file;
    private readonly LogMerger _merger;
    private bool _damaged;

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="options">Which file.</param>
    /// <param name="limits">The bounds functions run under.</param>
    /// <param name="ends">How the process is ended when the file or its disk fails.</param>
    /// <param name="logger">The log.</param>
    /// <param name="meters">The container's meters.</param>
    /// <exception cref="Application.Messaging.CompositionException">
    /// The file cannot be used; it was not changed.
    /// </exception>
    public SqliteStore(
        SqliteOptions options, FunctionLimits limits, StoreEnds ends, ILogger<SqliteStore> logger,
        IMeterFactory? meters = null)
    {
        Bindings = new Bindings(limits);
        JobWrites = new JobWrites(Bindings, logger);
        UnreferencedBytes = options.UnreferencedBytes;
        _file = StoreFile.Take(options);
        try
        {
            var statements = new Statements(OpenForWriting(options));
            ReadEpoch(statements);
            Payloads.Count(statements);
            Readers = new Readers(_file.Path);
            _merger = new LogMerger(_file.Path, DiskFailed, logger);
            Writer = new Writer(statements, RolledBack, _merger.Written, DiskFailed, new SqliteMetrics(meters), logger);
        }
        catch (SqliteFailure failure)
        {
            var refusal = _file.RefuseOpened(failure);
            _file.Dispose();
            throw refusal;
        }
        catch
        {
            _file.Dispose();
            throw;
        }
        SqliteLog.Opened(logger, _file.Path);

        void DiskFailed(SqliteFailure failure)
        {
            if (failure.IsDamage)
            {
                Damaged(failure);
                return;
            }
            SqliteLog.DiskFailed(logger, failure);
            ends.Die($"The disk of '{_file.Path}' failed while it was written ({failure.Message}).");
        }

        // Not at once, as after a failed fsync: what the file holds does not change by waiting, and jobs that run may
        // end. Nothing more is written to it.
        void Damaged(SqliteFailure failure)
        {
            Writer?.Break();
            if (Interlocked.Exchange(ref _damaged, true)) return;
            var advice = _file.Mark(failure);
            SqliteLog.Damaged(logger, failure, advice);
            ends.Stop(advice);
        }
    }

    /// <summary>The one writer; null only while the file is being opened.</summary>
    public Writer Writer { get; }

    public Readers Readers { get; }

    public Bindings Bindings { get; }

    public JobWrites JobWrites { get; }

    /// <summary>Bytes of bodies that may wait for what refers to them.</summary>
    public long UnreferencedBytes { get; }

    /// <summary>The queue's newest epoch; only the writer's thread changes it.</summary>
    public long Epoch { get; private set; }

    /// <summary>Reads the epoch as it is stored, on the writer's thread.</summary>
    public void ReadEpoch(Statements statements)
    {
        var statement = statements[SelectEpoch];
        Epoch = statement.Step() ? statement.Int64(0) : 0;
        statement.Settle();
    }

    /// <summary>Finishes what waits and leaves one whole file behind.</summary>
    public void Dispose()
    {
        _merger.Dispose();
        Readers.Dispose();
        Writer.Dispose();
        _file.Dispose();
    }

    private static Database OpenForWriting(SqliteOptions options)
    {
        var database = Database.Open(options.File, readOnly: false);
        database.Execute($"""
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
            PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY;
            PRAGMA max_page_count = {options.MaxBytes / PageSize};
            """);
        Schema.Complete(database);
        // What a killed process wrote may be in the log and not yet on the disk: a repeated commit, which changes
        // nothing and so syncs nothing, must not be answered before it is.
        database.EmptyLog();
        return database;
    }

    private void RolledBack(Statements statements)
    {
        Bindings.ForgetAll();
        ReadEpoch(statements);
    }
}
