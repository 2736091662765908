using System.Diagnostics.Metrics;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sqlite.Native;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The open file: its writer, its readers, and what both know.</summary>
internal sealed class SqliteStore : IDisposable
{
    private const long PageSize = 4096;
    private const string SelectEpoch = "SELECT value FROM meta WHERE key = 'epoch'";

    private readonly StoreFile _file;
    private readonly LogMerger _merger;

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="options">Which file.</param>
    /// <param name="limits">The bounds functions run under.</param>
    /// <param name="die">Ends the process after a failed fsync.</param>
    /// <param name="logger">The log.</param>
    /// <param name="meters">The container's meters.</param>
    /// <exception cref="Application.Messaging.CompositionException">
    /// The file cannot be used; it was not changed.
    /// </exception>
    public SqliteStore(
        SqliteOptions options, FunctionLimits limits, Action<string> die, ILogger<SqliteStore> logger,
        IMeterFactory? meters = null)
    {
        Bindings = new Bindings(limits);
        JobWrites = new JobWrites(Bindings, logger);
        _file = StoreFile.Take(options);
        try
        {
            var statements = new Statements(OpenForWriting(options));
            ReadEpoch(statements);
            Readers = new Readers(_file.Path);
            _merger = new LogMerger(_file.Path, DiskFailed, logger);
            Writer = new Writer(statements, RolledBack, _merger.Written, DiskFailed, new SqliteMetrics(meters), logger);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
        SqliteLog.Opened(logger, _file.Path);

        void DiskFailed(SqliteFailure failure)
        {
            SqliteLog.DiskFailed(logger, failure);
            die($"The disk of '{_file.Path}' failed while it was written ({failure.Message}).");
        }
    }

    public Writer Writer { get; }

    public Readers Readers { get; }

    public Bindings Bindings { get; }

    public JobWrites JobWrites { get; }

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
