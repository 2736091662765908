namespace FaaS.Infrastructure.Sqlite.Native;

/// <summary>A call into SQLite failed.</summary>
/// <param name="code">The extended result code.</param>
/// <param name="message">SQLite's own words.</param>
internal sealed class SqliteFailure(int code, string message) : Exception($"SQLite error {code}: {message}")
{
    public int Code { get; } = code;

    /// <summary>The primary result code, without its details.</summary>
    public int Primary => Code & 0xFF;
}
