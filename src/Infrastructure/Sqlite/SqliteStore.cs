using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sqlite.Native;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The open file: its writer, its readers, and what both know.</summary>
internal sealed class SqliteStore : IDisposable
{
    private const long PageSize = 4096;

    private readonly StoreFile _file;
    private readonly Timer _checkpoints;
    private readonly ILogger _logger;

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="options">Which file.</param>
    /// <param name="limits">The bounds functions run under.</param>
    /// <param name="die">Ends the process after a failed fsync.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="Application.Messaging.CompositionException">The file cannot be used; it was not changed.</exception>
    public SqliteStore(SqliteOptions options, FunctionLimits limits, Action<string> die, ILogger<SqliteStore> logger)
    {
        _logger = logger;
        _file = StoreFile.Take(options);
        Bindings = new Bindings(limits);
        JobWrites = new JobWrites(Bindings);
        var database = Database.Open(_file.Path, readOnly: false);
        if (database.ReadNumber("PRAGMA user_version") == 0) Schema.Create(database);
        // Merging the log is left to the timer: a commit should wait for its own fsync only.
        database.Execute($"""
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
            PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY; PRAGMA max_page_count = {options.MaxBytes / PageSize};
            """);
        Epoch = database.ReadNumber("SELECT value FROM meta WHERE key = 'epoch'");
        Readers = new Readers(_file.Path);
        Writer = new Writer(new Statements(database), Bindings.ForgetAll, die, logger);
        _checkpoints = new Timer(_ => MergeLog(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        SqliteLog.Opened(logger, _file.Path);
    }

    public Writer Writer { get; }

    public Readers Readers { get; }

    public Bindings Bindings { get; }

    public JobWrites JobWrites { get; }

    /// <summary>The queue's newest epoch; only the writer's thread changes it.</summary>
    public long Epoch { get; set; }

    /// <summary>Finishes what waits and leaves one whole file behind.</summary>
    public void Dispose()
    {
        using (var stopped = new ManualResetEvent(false))
        {
            if (_checkpoints.Dispose(stopped)) stopped.WaitOne();
        }
        Readers.Dispose();
        Writer.Dispose();
        _file.Dispose();
    }

    private void MergeLog()
    {
        if (!Monitor.TryEnter(_checkpoints)) return;
        try
        {
            var log = new FileInfo(_file.Path + "-wal");
            if (!log.Exists || log.Length < 4 << 20) return;
            using var database = Database.Open(_file.Path, readOnly: false);
            database.Execute("PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(PASSIVE)");
        }
        catch (SqliteFailure error)
        {
            SqliteLog.CheckpointFailed(_logger, error.Message);
        }
        finally
        {
            Monitor.Exit(_checkpoints);
        }
    }
}
