using System.Security.Cryptography;
using System.Text;

namespace FaaS.Domain.Access;

/// <summary>
/// An API key as its holder has it: <c>faas_</c>, 12 characters of id, an underscore, 32 characters of secret (160
/// random bits), 6 characters of checksum. Letters and digits are Crockford's base 32 in lower case. The checksum is the
/// first 30 bits of the SHA-256 of all that stands before it, so that a scanner, or a form with a typing mistake in it,
/// knows a key without asking anybody.
/// </summary>
public sealed class ApiKey
{
    /// <summary>What every key begins with.</summary>
    public const string Prefix = "faas_";

    /// <summary>Characters of an id.</summary>
    public const int IdLength = 12;

    /// <summary>Random bytes that <see cref="Create"/> needs: 8 for the id, of which 60 bits are used, 20 for the secret.</summary>
    public const int RandomBytes = 28;

    /// <summary>Bytes of a hash.</summary>
    public const int HashBytes = 32;

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int SecretLength = 32;
    private const int ChecksumLength = 6;
    private const int BodyLength = 5 + IdLength + 1 + SecretLength;
    private const int Length = BodyLength + ChecksumLength;

    private readonly byte[] _hash;

    private ApiKey(string text)
    {
        Text = text;
        Id = text.Substring(Prefix.Length, IdLength);
        _hash = SHA256.HashData(Encoding.ASCII.GetBytes(text));
    }

    /// <summary>The whole key: a secret.</summary>
    public string Text { get; }

    /// <summary>Its public part, by which it is listed, revoked and logged.</summary>
    public string Id { get; }

    /// <summary>What is stored of it: SHA-256, which needs no salt and no stretching for 160 random bits.</summary>
    public byte[] Hash => [.. _hash];

    /// <summary>Makes a key.</summary>
    /// <param name="random"><see cref="RandomBytes"/> bytes that nobody can guess.</param>
    public static ApiKey Create(ReadOnlySpan<byte> random)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(random.Length, RandomBytes);
        var text = new StringBuilder(Prefix, Length);
        Append(text, random[..8], IdLength);
        text.Append('_');
        Append(text, random[8..], SecretLength);
        return new ApiKey(text.Append(Checksum(text.ToString())).ToString());
    }

    /// <summary>Reads a key.</summary>
    /// <param name="text">What somebody says is one.</param>
    /// <param name="key">The key.</param>
    /// <returns>Whether its form and its checksum are right; whether it is known is another question.</returns>
    public static bool TryParse(string? text, out ApiKey key)
    {
        key = null!;
        if (text is not { Length: Length } || !text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        for (var at = Prefix.Length; at < Length; at++)
            if (at == Prefix.Length + IdLength ? text[at] != '_' : !Alphabet.Contains(text[at])) return false;
        if (!text.AsSpan(BodyLength).SequenceEqual(Checksum(text[..BodyLength]))) return false;
        key = new ApiKey(text);
        return true;
    }

    /// <summary>Whether a text has the form of an id.</summary>
    public static bool IsId(string? text) => text is { Length: IdLength } && text.All(Alphabet.Contains);

    /// <summary>Whether this is the key a hash was stored of, in a time that says nothing about how much of it fits.</summary>
    public bool Matches(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(_hash, hash);

    /// <summary>The id: the secret must not get into a log by accident.</summary>
    public override string ToString() => Id;

    private static string Checksum(string body)
    {
        var text = new StringBuilder(ChecksumLength);
        Append(text, SHA256.HashData(Encoding.ASCII.GetBytes(body)), ChecksumLength);
        return text.ToString();
    }

    /// <summary>Five bits a letter, the highest first.</summary>
    private static void Append(StringBuilder text, ReadOnlySpan<byte> bytes, int letters)
    {
        for (var bit = 0; bit < letters * 5; bit += 5)
        {
            var two = (bytes[bit / 8] << 8) | ((bit / 8) + 1 < bytes.Length ? bytes[(bit / 8) + 1] : 0);
            text.Append(Alphabet[(two >> (11 - (bit % 8))) & 31]);
        }
    }
}
