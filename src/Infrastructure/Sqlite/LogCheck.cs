using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Reads a write-ahead log as bytes and tells damage from the end that a crash leaves. SQLite itself takes everything
/// from the first bad frame on for never written, so one flipped bit would silently undo what was acknowledged.
/// </summary>
/// <remarks>
/// <code>
/// header (32 bytes, big-endian): magic, format, page size, checkpoint, salt 1, salt 2, checksum 1, checksum 2
/// frame: page number, pages in the file after a commit or 0, salt 1, salt 2, checksum 1, checksum 2, the page
/// </code>
/// A frame's checksum goes on from the one before it, and carries the header's salts
/// (https://www.sqlite.org/fileformat2.html#walformat). The header is synced before the first frame is written, and a
/// transaction before the next one: so after a power failure only the last transaction's frames may be bad, in any
/// order. A frame that goes on from a commit frame, behind a bad frame or being itself behind a bad header, proves that
/// what is bad had been synced, and so acknowledged.
/// </remarks>
internal static class LogCheck
{
    private const int HeaderSize = 32;
    private const int FrameHeaderSize = 24;
    private const uint Magic = 0x377F0682;
    private const uint Format = 3_007_000;

    /// <summary>Where the log is damaged, in bytes from its beginning; -1 when it is not.</summary>
    public static long FindDamage(string log)
    {
        using var stream = new FileStream(
            log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 17, FileOptions.SequentialScan);
        var header = new byte[HeaderSize];
        // Without a whole header nothing was ever synced behind it.
        if (stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize) return -1;
        if (!TryReadHeader(header, out var isBigEndian, out var checksum, out var pageSize))
            return HasContent(header) || HasContent(stream) ? 0 : -1;

        var frame = new byte[FrameHeaderSize + pageSize];
        var bad = -1L;
        var endsTransaction = false;
        while (stream.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length)
        {
            var goesOn = frame.AsSpan(8, 8).SequenceEqual(header.AsSpan(16, 8))
                && Sum(Sum(checksum, frame.AsSpan(0, 8), isBigEndian), frame.AsSpan(FrameHeaderSize), isBigEndian)
                    == Stored(frame.AsSpan(16));
            if (bad < 0 && !goesOn) bad = stream.Position - frame.Length;
            else if (goesOn && endsTransaction && bad >= 0) return bad;
            checksum = Stored(frame.AsSpan(16));
            endsTransaction = ReadNumber(frame.AsSpan(4)) != 0;
        }
        return -1;
    }

    private static bool TryReadHeader(
        ReadOnlySpan<byte> header, out bool isBigEndian, out (uint, uint) checksum, out int pageSize)
    {
        var magic = ReadNumber(header);
        isBigEndian = (magic & 1) != 0;
        checksum = Sum(default, header[..24], isBigEndian);
        pageSize = (int)ReadNumber(header[8..]);
        return (magic & ~1u) == Magic && ReadNumber(header[4..]) == Format && checksum == Stored(header[24..])
            && pageSize is >= 512 and <= 65_536;
    }

    /// <summary>Whether anything but zeros is left: a header that a power failure kept from the disk is zeros.</summary>
    private static bool HasContent(FileStream stream)
    {
        Span<byte> piece = stackalloc byte[4096];
        while (stream.Read(piece) is var length and > 0)
            if (HasContent(piece[..length])) return true;
        return false;
    }

    private static bool HasContent(ReadOnlySpan<byte> bytes) => bytes.ContainsAnyExcept((byte)0);

    private static (uint, uint) Sum((uint First, uint Second) from, ReadOnlySpan<byte> bytes, bool isBigEndian)
    {
        var (first, second) = from;
        var words = MemoryMarshal.Cast<byte, uint>(bytes);
        var swap = isBigEndian == BitConverter.IsLittleEndian;
        for (var at = 0; at < words.Length; at += 2)
        {
            first += (swap ? BinaryPrimitives.ReverseEndianness(words[at]) : words[at]) + second;
            second += (swap ? BinaryPrimitives.ReverseEndianness(words[at + 1]) : words[at + 1]) + first;
        }
        return (first, second);
    }

    private static (uint, uint) Stored(ReadOnlySpan<byte> bytes) => (ReadNumber(bytes), ReadNumber(bytes[4..]));

    private static uint ReadNumber(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
