using SQLitePCL;

namespace FaaS.Infrastructure.Sqlite.Native;

/// <summary>
/// One connection. The raw interface is used because a job costs half a dozen statements, and the general-purpose
/// provider's parameter objects cost more than SQLite does.
/// </summary>
internal sealed class Database : IDisposable
{
    private const int DbStatusCacheWrite = 9;

    private readonly sqlite3 _handle;

    static Database() => Batteries_V2.Init();

    private Database(sqlite3 handle) => _handle = handle;

    /// <summary>Opens a file for one thread at a time.</summary>
    public static Database Open(string file, bool readOnly) =>
        Open(file, readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE);

    /// <summary>Opens a file that need not be there yet.</summary>
    public static Database Create(string file) => Open(file, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);

    /// <summary>Opens a file that nobody changes meanwhile, without its log, leaving no trace beside it.</summary>
    public static Database OpenImmutable(string file)
    {
        var path = Uri.EscapeDataString(file).Replace("%2F", "/", StringComparison.Ordinal);
        return Open($"file:{path}?immutable=1", raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI);
    }

    private static Database Open(string file, int access)
    {
        var flags = raw.SQLITE_OPEN_NOMUTEX | access;
        var code = raw.sqlite3_open_v2(file, out var handle, flags, null);
        if (code != raw.SQLITE_OK)
        {
            var message = raw.sqlite3_errmsg(handle).utf8_to_string();
            handle.Dispose();
            throw new SqliteFailure(code, message);
        }
        raw.sqlite3_extended_result_codes(handle, 1);
        raw.sqlite3_busy_timeout(handle, 5_000);
        return new Database(handle);
    }

    /// <summary>Rows the last statement changed.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>The rowid of the last insert.</summary>
    public long LastRowId => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>Whether a transaction is open: SQLite ends one by itself on some errors.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Pages this connection has written to the file and its log since it was last asked.</summary>
    public int TakePagesWritten()
    {
        _ = raw.sqlite3_db_status(_handle, DbStatusCacheWrite, out var pages, out _, 1);
        return pages;
    }

    /// <summary>Merges what it can of the log into the file without making anybody wait.</summary>
    public void MergeLog() => Execute("PRAGMA wal_checkpoint(PASSIVE)");

    /// <summary>Merges the whole log into the file and makes it empty; waits for readers and writers.</summary>
    public void EmptyLog() => Execute("PRAGMA wal_checkpoint(TRUNCATE)");

    /// <summary>Runs statements that return nothing of interest.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>Runs a statement and reads one number from its first row; 0 without one.</summary>
    public long ReadNumber(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    /// <summary>Runs a statement and reads one text from its first row; empty without one.</summary>
    public string ReadText(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Text(0) : "";
    }

    /// <summary>Compiles a statement, to be used many times.</summary>
    public Statement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var handle));
        return new Statement(this, handle);
    }

    public void Dispose() => _handle.Dispose();

    internal void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE)) throw Failure(code);
    }

    internal SqliteFailure Failure(int code) => new(code, raw.sqlite3_errmsg(_handle).utf8_to_string());
}
