using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FaaS.Domain.Secrets;

/// <summary>Where a secret belongs. It is readable there and nowhere else.</summary>
/// <param name="Generation">The owner's generation.</param>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Name">The secret's name.</param>
public readonly record struct SecretPlace(long Generation, string User, string Function, string Name);

/// <summary>An encrypted secret.</summary>
/// <param name="Name">The secret's name.</param>
/// <param name="Key">The id of the key it is encrypted with.</param>
/// <param name="Bytes">Nonce, ciphertext and tag.</param>
public sealed record SealedSecret(string Name, string Key, byte[] Bytes)
{
    /// <summary>UTF-8 bytes of its value.</summary>
    public int ValueBytes => Math.Max(0, Bytes.Length - SecretCipher.OverheadBytes);
}

/// <summary>
/// Encrypts secrets with one key, by AES-256-GCM. The nonce is random, 96 bits, fresh for each encryption: after 2^32
/// of them with one key it becomes thinkable that two are the same, so keys are rotated.
/// </summary>
/// <remarks>
/// The form is nonce (12 bytes) · ciphertext · tag (16). Authenticated with it, though not in it, is where it belongs:
/// "faas/secret/1" · the key's id · the generation (8, big-endian) · user · function · name, each text with its length in
/// bytes before it (4, big-endian). One that was copied to another place, or says another key, does not open.
/// </remarks>
public sealed class SecretCipher
{
    /// <summary>Length of a key in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>What encryption adds to a value.</summary>
    public const int OverheadBytes = NonceSize + TagSize;

    private const int NonceSize = 12, TagSize = 16;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _key;

    /// <summary>A cipher with a key.</summary>
    /// <param name="id">The key's id.</param>
    /// <param name="key">32 random bytes.</param>
    /// <exception cref="ArgumentException">The key has another length.</exception>
    public SecretCipher(string id, ReadOnlySpan<byte> key)
    {
        if (key.Length != KeySize)
            throw new ArgumentException($"A key of secrets has {KeySize} bytes, not {key.Length}.", nameof(key));
        (Id, _key) = (id, key.ToArray());
    }

    /// <summary>The key's id.</summary>
    public string Id { get; }

    /// <summary>Encrypts a value.</summary>
    public SealedSecret Seal(SecretPlace place, string value)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        RandomNumberGenerator.Fill(nonce);
        return Seal(place, value, nonce);
    }

    /// <summary>Encrypts with a nonce that is given, for tests against known answers: never twice the same.</summary>
    internal SealedSecret Seal(SecretPlace place, string value, ReadOnlySpan<byte> nonce)
    {
        var plain = Utf8.GetBytes(value);
        var made = new byte[plain.Length + OverheadBytes];
        nonce.CopyTo(made);
        using var aes = new AesGcm(_key, TagSize);
        aes.Encrypt(nonce, plain, made.AsSpan(NonceSize, plain.Length), made.AsSpan(NonceSize + plain.Length), Bind(place));
        CryptographicOperations.ZeroMemory(plain);
        return new SealedSecret(place.Name, Id, made);
    }

    /// <summary>Decrypts a value; null when it is not what was encrypted with this key for this place.</summary>
    public string? Open(SecretPlace place, SealedSecret secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var made = secret.Bytes.AsSpan();
        if (secret.Key != Id || made.Length < OverheadBytes) return null;
        var plain = new byte[made.Length - OverheadBytes];
        try
        {
            using var aes = new AesGcm(_key, TagSize);
            aes.Decrypt(made[..NonceSize], made[NonceSize..^TagSize], made[^TagSize..], plain, Bind(place));
            return Utf8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static void Write(ArrayBufferWriter<byte> bound, string text)
    {
        var length = Utf8.GetByteCount(text);
        BinaryPrimitives.WriteInt32BigEndian(bound.GetSpan(sizeof(int)), length);
        bound.Advance(sizeof(int));
        bound.Advance(Utf8.GetBytes(text, bound.GetSpan(length)));
    }

    private ReadOnlySpan<byte> Bind(SecretPlace place)
    {
        var bound = new ArrayBufferWriter<byte>();
        bound.Write("faas/secret/1"u8);
        Write(bound, Id);
        BinaryPrimitives.WriteInt64BigEndian(bound.GetSpan(sizeof(long)), place.Generation);
        bound.Advance(sizeof(long));
        Write(bound, place.User);
        Write(bound, place.Function);
        Write(bound, place.Name);
        return bound.WrittenSpan;
    }
}
