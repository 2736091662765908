using System.Buffers.Binary;
using FaaS.Application.Messaging;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// The file itself: whose it is, whether it is whole, and that nobody else has it. A file that is refused is left as it
/// was: the header is read as bytes, and pages are checked over a read-only connection.
/// </summary>
internal sealed class StoreFile : IDisposable
{
    private const int HeaderSize = 100;

    private readonly FileStream _lock;

    private StoreFile(string path, FileStream hold)
    {
        Path = path;
        _lock = hold;
    }

    public string Path { get; }

    /// <summary>Takes the file for this process.</summary>
    /// <exception cref="CompositionException">It is somebody else's, newer, damaged, or in use.</exception>
    public static StoreFile Take(SqliteOptions options)
    {
        var folder = System.IO.Path.GetDirectoryName(options.File);
        if (!string.IsNullOrEmpty(folder)) Directory.CreateDirectory(folder);
        var hold = Hold(options.File);
        try
        {
            if (File.Exists(options.File) && new FileInfo(options.File).Length > 0) Examine(options);
            return new StoreFile(options.File, hold);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>A lock that the kernel drops when the process ends, however it ends.</summary>
    private static FileStream Hold(string file)
    {
        try
        {
            return new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw Refuse(file, $"another process uses it ({error.Message}). Stop that one, or choose another file");
        }
    }

    private static void Examine(SqliteOptions options)
    {
        var file = options.File;
        var header = new byte[HeaderSize];
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            if (stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize
                || !header.AsSpan(0, 16).SequenceEqual("SQLite format 3\0"u8))
                throw Refuse(file, "it is not a SQLite database, or its beginning is damaged. Choose another file, or restore a backup");
            CheckLength(file, header, stream.Length);
        }
        var application = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(68));
        var version = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(60));
        if (application != Schema.ApplicationId)
            throw Refuse(file, "it belongs to another program. Choose another file");
        if (version > Schema.Version)
            throw Refuse(file, $"a newer release wrote it (version {version}; this one knows {Schema.Version}). Use that release, or choose another file");
        if (new FileInfo(file).Length <= options.CheckedBytes) CheckPages(file);
    }

    private static void CheckLength(string file, byte[] header, long length)
    {
        var pageSize = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(16)) is var size && size == 1 ? 65536L : size;
        var pages = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(28));
        // The count is only valid when its change counter matches; a log that is not merged yet may be ahead of it.
        var counted = header.AsSpan(24, 4).SequenceEqual(header.AsSpan(92, 4));
        if (counted && length < pages * pageSize)
            throw Refuse(file, $"it is cut off: {length} of {pages * pageSize} bytes are there. Restore a backup");
    }

    private static void CheckPages(string file)
    {
        string verdict;
        try
        {
            using var database = Database.Open(file, readOnly: true);
            verdict = database.ReadText("PRAGMA quick_check(1)");
        }
        catch (SqliteFailure error)
        {
            verdict = error.Message;
        }
        if (verdict != "ok") throw Refuse(file, $"it is damaged ({verdict}). Restore a backup");
    }

    private static CompositionException Refuse(string file, string why) =>
        new($"The database file '{file}' cannot be used: {why}. Nothing was changed in it.");
}
