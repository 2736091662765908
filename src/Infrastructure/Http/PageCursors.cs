using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace FaaS.Infrastructure.Http;

/// <summary>
/// Cursors of a user's lists: a place in the order of all jobs, with a checksum over it and the user. One that was cut off,
/// mistyped or given to another user is refused instead of showing some other page.
/// </summary>
internal static class PageCursors
{
    private const int PlaceBytes = 8, CheckBytes = 4;

    public static string Write(string user, long place)
    {
        Span<byte> bytes = stackalloc byte[PlaceBytes + CheckBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, place);
        Check(user, bytes[..PlaceBytes], bytes[PlaceBytes..]);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryRead(string user, string text, out long place)
    {
        place = 0;
        Span<byte> bytes = stackalloc byte[PlaceBytes + CheckBytes];
        // 12 bytes are 16 letters exactly, so no bits are left over that could differ.
        if (text.Length != 16 || !Base64Url.IsValid(text)) return false;
        Base64Url.DecodeFromChars(text, bytes);
        Span<byte> check = stackalloc byte[CheckBytes];
        Check(user, bytes[..PlaceBytes], check);
        if (!check.SequenceEqual(bytes[PlaceBytes..])) return false;
        place = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return place > 0;
    }

    private static void Check(string user, ReadOnlySpan<byte> place, Span<byte> check)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("cursor"u8);
        hash.AppendData(place);
        hash.AppendData(Encoding.UTF8.GetBytes(user));
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        digest[..check.Length].CopyTo(check);
    }
}
