using System.Buffers.Binary;
using System.Security.Cryptography;
using FaaS.Application.Messaging;

namespace FaaS.Infrastructure.NetMq;

/// <summary>
/// What both sides of a handshake have seen, and what each makes of it with the role's key. The labels differ, so that
/// neither side's proof can be sent back as the other's; every part has a fixed length, so that no two transcripts
/// have the same bytes.
/// </summary>
internal readonly record struct Transcript(
    Roles Role, UInt128 ServerId, byte[] ClientNonce, byte[] ServerNonce, UInt128 Identity)
{
    private const int LabelBytes = 16;

    /// <summary>The client's proof: 16 bytes of label, then version, role, server id, both nonces and identity.</summary>
    public byte[] Proof(byte[] key) => Mac(key, "faas/proof/1"u8, null);

    /// <summary>The server's own: the same under another label, and the new session at the end.</summary>
    public byte[] Welcome(byte[] key, UInt128 session) => Mac(key, "faas/welcome/1"u8, session);

    private byte[] Mac(byte[] key, ReadOnlySpan<byte> label, UInt128? session)
    {
        Span<byte> bytes = stackalloc byte[LabelBytes + 2 + Frames.IdBytes + 2 * Frames.NonceBytes + 2 * Frames.IdBytes];
        bytes.Clear();
        label.CopyTo(bytes);
        var at = LabelBytes;
        bytes[at++] = Frames.Version;
        bytes[at++] = (byte)Role;
        BinaryPrimitives.WriteUInt128BigEndian(bytes[at..], ServerId);
        at += Frames.IdBytes;
        ClientNonce.CopyTo(bytes[at..]);
        at += Frames.NonceBytes;
        ServerNonce.CopyTo(bytes[at..]);
        at += Frames.NonceBytes;
        BinaryPrimitives.WriteUInt128BigEndian(bytes[at..], Identity);
        at += Frames.IdBytes;
        if (session is { } known)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes[at..], known);
            at += Frames.IdBytes;
        }
        return HMACSHA256.HashData(key, bytes[..at]);
    }
}

/// <summary>Ids and nonces that nobody can guess.</summary>
internal static class Secrets
{
    public static UInt128 NewId()
    {
        Span<byte> bytes = stackalloc byte[Frames.IdBytes];
        // Zero means "none yet", and a routing id that begins with a zero byte is one that ROUTER gives.
        do RandomNumberGenerator.Fill(bytes);
        while (bytes[0] == 0);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static byte[] NewNonce() => RandomNumberGenerator.GetBytes(Frames.NonceBytes);

    public static byte[] Bytes(UInt128 id)
    {
        var bytes = new byte[Frames.IdBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id);
        return bytes;
    }

    public static UInt128 Id(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt128BigEndian(bytes);

    /// <summary>Compares without telling, by its duration, how far they are alike.</summary>
    public static bool AreSame(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) =>
        CryptographicOperations.FixedTimeEquals(one, other);
}
