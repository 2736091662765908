using System.Text;
using SQLitePCL;

namespace FaaS.Infrastructure.Sqlite.Native;

/// <summary>A compiled statement. Parameters are bound in order, columns read by position.</summary>
internal sealed class Statement : IDisposable
{
    private readonly Database _database;
    private readonly sqlite3_stmt _handle;
    private int _next = 1;
    private bool _underWay;

    internal Statement(Database database, sqlite3_stmt handle)
    {
        _database = database;
        _handle = handle;
    }

    /// <summary>
    /// Makes it ready to be bound, whatever its last user left: one that failed half-way must neither shift the next
    /// one's parameters nor hold its snapshot.
    /// </summary>
    public void Settle()
    {
        if (_underWay || _next != 1) Reset();
    }

    public Statement Bind(long value)
    {
        _database.Check(raw.sqlite3_bind_int64(_handle, _next++, value));
        return this;
    }

    /// <summary>Binds a text by its length: taken as a C string it would end at its first zero character.</summary>
    public Statement Bind(string? value)
    {
        if (value is null) return BindNull();
        _database.Check(value.Length == 0
            ? raw.sqlite3_bind_text(_handle, _next++, "")
            : raw.sqlite3_bind_text(_handle, _next++, Encoding.UTF8.GetBytes(value)));
        return this;
    }

    public Statement Bind(ReadOnlySpan<byte> value)
    {
        // A null pointer would bind NULL, so an empty blob is a blob of no bytes by name.
        _database.Check(value.IsEmpty
            ? raw.sqlite3_bind_zeroblob(_handle, _next++, 0)
            : raw.sqlite3_bind_blob(_handle, _next++, value));
        return this;
    }

    public Statement BindNull()
    {
        _database.Check(raw.sqlite3_bind_null(_handle, _next++));
        return this;
    }

    public Statement Bind(byte[]? value) => value is null ? BindNull() : Bind(value.AsSpan());

    public Statement Bind(Guid? value)
    {
        if (value is not { } id) return BindNull();
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes);
        return Bind(bytes);
    }

    /// <summary>Moves to the next row; false when there is none, and then the statement is ready to be bound again.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_handle);
        if (code == raw.SQLITE_ROW) return _underWay = true;
        var failure = code == raw.SQLITE_DONE ? null : _database.Failure(code);
        Reset();
        return failure is null ? false : throw failure;
    }

    /// <summary>Runs it to its end.</summary>
    public void Run()
    {
        while (Step())
        {
        }
    }

    /// <summary>Leaves the rest of its rows unread; ready to be bound again.</summary>
    public void Reset()
    {
        _ = raw.sqlite3_reset(_handle);
        _next = 1;
        _underWay = false;
    }

    public long Int64(int column) => raw.sqlite3_column_int64(_handle, column);

    public int Int32(int column) => raw.sqlite3_column_int(_handle, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(_handle, column) == raw.SQLITE_NULL;

    public string Text(int column) => Encoding.UTF8.GetString(Span(column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public ReadOnlySpan<byte> Span(int column) => raw.sqlite3_column_blob(_handle, column);

    public byte[]? BlobOrNull(int column) => IsNull(column) ? null : Span(column).ToArray();

    public void Dispose() => _handle.Dispose();
}
