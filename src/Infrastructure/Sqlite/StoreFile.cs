using System.Buffers.Binary;
using System.Text;
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

    /// <summary>Takes the file for this process, and makes it if there is none.</summary>
    /// <exception cref="CompositionException">It is somebody else's, newer, damaged, or in use.</exception>
    public static StoreFile Take(SqliteOptions options)
    {
        var file = options.File;
        FileStream? hold = null;
        try
        {
            var folder = System.IO.Path.GetDirectoryName(file);
            if (!string.IsNullOrEmpty(folder)) Directory.CreateDirectory(folder);
            hold = Hold(file);
            RefuseMarked(file);
            if (File.Exists(file)) Examine(options);
            else if (HasLog(file)) throw Refuse(file, $"it is gone, its log '{file}-wal' is not. Restore a backup");
            else Create(file);
            return new StoreFile(file, hold);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SqliteFailure)
        {
            hold?.Dispose();
            throw Refuse(file, $"it cannot be opened ({error.Message})");
        }
        catch
        {
            hold?.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>
    /// Writes down, beside the file, that damage was found in it, so that no later start writes to it again.
    /// </summary>
    /// <returns>What an operator is to do.</returns>
    public string Mark(SqliteFailure damage)
    {
        var mark = MarkOf(Path);
        try
        {
            using var stream = new FileStream(mark, new FileStreamOptions
            {
                Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.WriteThrough,
            });
            stream.Write(Encoding.UTF8.GetBytes(damage.Message));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"The database file '{Path}' is damaged ({damage.Message}), and '{mark}', which would tell the next "
                + $"start, could not be written ({error.Message}). Restore a backup.";
        }
        return $"The database file '{Path}' is damaged ({damage.Message}). Restore a backup, then remove '{mark}'.";
    }

    /// <summary>A refusal of a file that was opened already, and may have been written to.</summary>
    public CompositionException RefuseOpened(SqliteFailure failure) => failure.IsDamage
        ? new CompositionException($"Cannot use it: {Mark(failure)}")
        : new CompositionException($"The database file '{Path}' cannot be used: it cannot be opened ({failure.Message}).");

    private static string MarkOf(string file) => file + ".damaged";

    private static void RefuseMarked(string file)
    {
        var mark = MarkOf(file);
        if (File.Exists(mark))
            throw Refuse(
                file,
                $"damage was found in it ({File.ReadAllText(mark)}). Restore a backup, then remove '{mark}'");
    }

    /// <summary>
    /// A lock that the kernel drops when the process ends, however it ends. The lock's own file stays: removing it
    /// would let two processes hold two files of one name.
    /// </summary>
    private static FileStream Hold(string file)
    {
        try
        {
            return new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw Refuse(file, $"another process uses it ({error.Message}). Stop that one, or choose another file");
        }
    }

    /// <summary>
    /// Makes the file under another name and renames it: a crash leaves it whole or not at all. The directory is synced
    /// by SQLite when it makes the log, before the first commit is answered.
    /// </summary>
    private static void Create(string file)
    {
        var draft = file + ".new";
        File.Delete(draft);
        File.Delete(draft + "-journal");
        using (var database = Database.Create(draft)) Schema.Create(database);
        File.Move(draft, file, overwrite: true);
    }

    private static void Examine(SqliteOptions options)
    {
        var file = options.File;
        if (Length(file) == 0)
            throw Refuse(
                file,
                "it is empty, and a store never is: what was in it is lost. Restore a backup, or remove the file to "
                + "begin with nothing");
        var header = new byte[HeaderSize];
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            if (stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize
                || !header.AsSpan(0, 16).SequenceEqual("SQLite format 3\0"u8))
                throw Refuse(
                    file,
                    "it is not a SQLite database, or its beginning is damaged. Choose another file, or restore a "
                    + "backup");
            if (!HasLog(file)) CheckLength(file, header, stream.Length);
        }
        var application = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(68));
        var version = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(60));
        if (application != Schema.ApplicationId)
            throw Refuse(file, "it belongs to another program. Choose another file");
        if (version > Schema.Version)
            throw Refuse(
                file,
                $"a newer release wrote it (version {version}; this one knows {Schema.Version}). Use that release, or "
                + "choose another file");
        if (version < 1)
            throw Refuse(file, "its version is missing, so its beginning is damaged. Restore a backup");
        if (HasLog(file) && LogCheck.FindDamage(file + "-wal") is >= 0 and var at)
            throw Refuse(
                file,
                $"its log '{file}-wal' is damaged at byte {at}, and what was acknowledged later is in it. Restore a "
                + "backup in the place of both");
        CheckPages(options);
    }

    private static void CheckLength(string file, byte[] header, long length)
    {
        var pageSize = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(16)) is var size && size == 1 ? 65536L : size;
        var pages = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(28));
        // The count is only valid when its change counter matches. A crash in the middle of a merge may leave the count
        // ahead of the file, so this is only asked when there is no log to merge again.
        var counted = header.AsSpan(24, 4).SequenceEqual(header.AsSpan(92, 4));
        if (counted && length < pages * pageSize)
            throw Refuse(file, $"it is cut off: {length} of {pages * pageSize} bytes are there. Restore a backup");
    }

    /// <summary>
    /// Reads every page of a small file. Reading all of a large one would take longer than a restart may; there what
    /// the start needs is read, and a page that is damaged elsewhere is found when the writer comes to it.
    /// </summary>
    private static void CheckPages(SqliteOptions options)
    {
        var file = options.File;
        var damage = Length(file) <= options.CheckedBytes
            ? PageCheck.FindDamage(file, HasLog(file))
            : PageCheck.FindEarlyDamage(file, HasLog(file));
        if (damage is not null) throw Refuse(file, $"it is damaged ({damage}). Restore a backup");
    }

    private static long Length(string file) => new FileInfo(file) is { Exists: true } info ? info.Length : 0;

    private static bool HasLog(string file) => Length(file + "-wal") > 0;

    private static CompositionException Refuse(string file, string why) =>
        new($"The database file '{file}' cannot be used: {why}. Nothing was changed in it.");
}
