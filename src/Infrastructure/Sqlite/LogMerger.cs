using FaaS.Infrastructure.Sqlite.Native;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Merges the log into the file on a thread and a connection of its own, so that a commit waits for its own fsync only.
/// It never makes the writer wait, except to empty the log once nothing has been written for a while.
/// </summary>
internal sealed class LogMerger : IDisposable
{
    /// <summary>16 MiB of log are worth a merge.</summary>
    private const int WorthMergingPages = 4_096;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private readonly AutoResetEvent _wake = new(false);
    private readonly Database _database;
    private readonly Action<SqliteFailure> _failed;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private int _pages;

    /// <param name="file">The database file.</param>
    /// <param name="failed">Told of a failing disk.</param>
    /// <param name="logger">Takes what went wrong.</param>
    public LogMerger(string file, Action<SqliteFailure> failed, ILogger logger)
    {
        _failed = failed;
        _logger = logger;
        _database = Database.Open(file, readOnly: false);
        _database.Execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256");
        _thread = new Thread(Run) { IsBackground = true, Name = "sqlite-merger" };
        _thread.Start();
    }

    /// <summary>The writer has added pages to the log.</summary>
    public void Written(int pages)
    {
        var total = Interlocked.Add(ref _pages, pages);
        // Once when the bound is passed, not at every commit after it.
        if (total >= WorthMergingPages && total - pages < WorthMergingPages) _wake.Set();
    }

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
        _database.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        var seen = 0;
        var dirty = false;
        while (true)
        {
            var woken = _wake.WaitOne(Quiet);
            if (_stopping) return;
            if (woken)
            {
                dirty = true;
                Interlocked.Exchange(ref _pages, 0);
                Merge(_database.MergeLog);
                seen = 0;
                continue;
            }
            var pages = Volatile.Read(ref _pages);
            dirty |= pages > 0;
            if (dirty && pages == seen)
            {
                Merge(_database.EmptyLog);
                Interlocked.Add(ref _pages, -pages);
                (dirty, pages) = (false, 0);
            }
            seen = pages;
        }
    }

    private void Merge(Action merge)
    {
        try
        {
            merge();
        }
        catch (SqliteFailure failure) when (failure.IsDiskFailure)
        {
            _failed(failure);
        }
        catch (SqliteFailure failure)
        {
            SqliteLog.CheckpointFailed(_logger, failure.Message);
        }
    }
}
