using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace FaaS.Domain.Jobs;

/// <summary>
/// A job's identity: 12 bytes in the layout of a MongoDB ObjectId (4 of seconds since 1970, 5 of randomness for the
/// process that made it, 3 of a counter), written as 24 lower-case hex characters. It says nothing about order:
/// order is the queue's stored sequence number.
/// </summary>
public readonly record struct JobId : IComparable<JobId>
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 12;

    /// <summary>Length of the text form.</summary>
    public const int TextLength = 24;

    private readonly ulong _high;
    private readonly uint _low;

    /// <summary>Makes an id from its two parts.</summary>
    /// <param name="high">The first eight bytes, big-endian.</param>
    /// <param name="low">The last four bytes, big-endian.</param>
    public JobId(ulong high, uint low)
    {
        _high = high;
        _low = low;
    }

    /// <summary>Reads an id from 12 bytes.</summary>
    public static JobId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));

    /// <summary>Writes the id's 12 bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], _low);
    }

    /// <summary>The id's 12 bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    /// <summary>Parses 24 lower-case hex characters; anything else is refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out JobId id)
    {
        id = default;
        if (text is null || text.Length != TextLength || !IsLowerHex(text)) return false;
        Span<byte> bytes = stackalloc byte[Size];
        Convert.FromHexString(text, bytes, out _, out _);
        id = Read(bytes);
        return true;
    }

    /// <summary>Parses 24 lower-case hex characters.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static JobId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("A job id is 24 lower-case hex characters.");

    /// <summary>24 lower-case hex characters.</summary>
    public override string ToString() =>
        string.Create(TextLength, this, static (text, id) =>
        {
            Span<byte> bytes = stackalloc byte[Size];
            id.Write(bytes);
            Convert.TryToHexStringLower(bytes, text, out _);
        });

    /// <inheritdoc/>
    public int CompareTo(JobId other)
    {
        var high = _high.CompareTo(other._high);
        return high != 0 ? high : _low.CompareTo(other._low);
    }

    /// <summary>A well-mixed hash: ids made by one process differ only in a counter and a clock.</summary>
    public override int GetHashCode()
    {
        // Multiplied apart before they meet: clock and counter advance together, and would cancel each other out.
        var mixed = (_high * 0x9E3779B97F4A7C15UL) ^ (_low * 0xC2B2AE3D27D4EB4FUL);
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93UL;
        return (int)(mixed >> 32);
    }

    /// <summary>Order of the bytes.</summary>
    public static bool operator <(JobId left, JobId right) => left.CompareTo(right) < 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator >(JobId left, JobId right) => left.CompareTo(right) > 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator <=(JobId left, JobId right) => left.CompareTo(right) <= 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator >=(JobId left, JobId right) => left.CompareTo(right) >= 0;

    private static bool IsLowerHex(string text)
    {
        foreach (var letter in text)
            if (letter is not ((>= '0' and <= '9') or (>= 'a' and <= 'f'))) return false;
        return true;
    }
}
