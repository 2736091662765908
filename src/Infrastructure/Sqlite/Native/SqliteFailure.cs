using SQLitePCL;

namespace FaaS.Infrastructure.Sqlite.Native;

/// <summary>A call into SQLite failed.</summary>
/// <param name="code">The extended result code.</param>
/// <param name="message">SQLite's own words.</param>
internal sealed class SqliteFailure(int code, string message) : Exception($"SQLite error {code}: {message}")
{
    public int Code { get; } = code;

    /// <summary>The primary result code, without its details.</summary>
    public int Primary => Code & 0xFF;

    /// <summary>Whether the disk or the file itself failed: what it holds is not known any more.</summary>
    public bool IsDiskFailure => Primary is raw.SQLITE_IOERR or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    /// <summary>Whether the file's contents contradict themselves: a restart would find the same.</summary>
    public bool IsDamage => Primary is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    /// <summary>Whether only the one statement failed, and the transaction around it goes on.</summary>
    public bool IsOfStatement =>
        Primary is raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_TOOBIG or raw.SQLITE_ERROR
            or raw.SQLITE_MISUSE or raw.SQLITE_RANGE;
}
