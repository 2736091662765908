using System.Security.Cryptography;

namespace FaaS.Domain.Functions;

/// <summary>The identity of a source text: the first 128 bits of its SHA-256, as 32 lower-case hex characters.</summary>
/// <param name="Text">The 32 characters.</param>
public readonly record struct SourceHash(string Text)
{
    /// <summary>The hash of a source's UTF-8 bytes.</summary>
    public static SourceHash Of(ReadOnlySpan<byte> source)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(source, digest);
        return new SourceHash(Convert.ToHexStringLower(digest[..16]));
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
