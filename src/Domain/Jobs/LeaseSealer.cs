using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FaaS.Domain.Jobs;

/// <summary>
/// Makes lease tokens and tells genuine ones. A queue that starts does not know what an earlier one granted, and db never
/// does; both believe a token by its seal, so a worker that makes tokens up gets nobody's job and nobody's arguments.
/// </summary>
/// <remarks>
/// The seal is the first 16 bytes of HMAC-SHA256(key, "faas/lease/1" · job (12 bytes) · epoch (8) · number (8)), numbers
/// big-endian. It does not expire: it says that the job was once leased to its bearer, and whether that lease is current is
/// the queue's to say.
/// </remarks>
public sealed class LeaseSealer
{
    /// <summary>Length of a key in bytes.</summary>
    public const int KeySize = 32;

    private static ReadOnlySpan<byte> Label => "faas/lease/1"u8;

    private readonly byte[] _key;

    /// <summary>A sealer with a key.</summary>
    /// <param name="key">32 random bytes that only queue and db know.</param>
    /// <exception cref="ArgumentException">The key has another length.</exception>
    public LeaseSealer(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeySize)
            throw new ArgumentException($"A key of leases has {KeySize} bytes, not {key.Length}.", nameof(key));
        _key = key.ToArray();
    }

    /// <summary>The token of a grant.</summary>
    public LeaseToken Seal(JobId job, long epoch, long number)
    {
        Span<byte> text = stackalloc byte[Label.Length + JobId.Size + (2 * sizeof(long))];
        Label.CopyTo(text);
        var rest = text[Label.Length..];
        job.Write(rest);
        BinaryPrimitives.WriteInt64BigEndian(rest[JobId.Size..], epoch);
        BinaryPrimitives.WriteInt64BigEndian(rest[(JobId.Size + sizeof(long))..], number);
        Span<byte> code = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, text, code);
        return new LeaseToken(epoch, number, BinaryPrimitives.ReadUInt128BigEndian(code));
    }

    /// <summary>Whether a token was granted for this job. Compared in constant time.</summary>
    public bool IsGenuine(JobId job, LeaseToken token)
    {
        Span<byte> given = stackalloc byte[16], made = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(given, token.Seal);
        BinaryPrimitives.WriteUInt128BigEndian(made, Seal(job, token.Epoch, token.Number).Seal);
        return CryptographicOperations.FixedTimeEquals(given, made);
    }
}
