using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Domain.Secrets;
using Microsoft.Extensions.Configuration;

namespace FaaS.Hosts.Dev;

/// <summary>
/// The key for functions' secrets of a Dev that was given none: made at the first start, and kept beside the data where
/// only its owner reads it. Who copies the data without it copies no secrets.
/// </summary>
internal static class SecretKeyFile
{
    /// <summary>The variable that brings keys.</summary>
    public const string Variable = "FAAS_SECRET_KEYS";

    private const string Name = "secret-key";

    /// <summary>The key, as the variable would bring it; null where the section has keys.</summary>
    /// <exception cref="CompositionException">The file cannot be made, or is not what this wrote.</exception>
    public static string? ReadUnlessGiven(IConfiguration configuration, string data) =>
        configuration.GetSection($"{SecretOptions.SectionName}:{nameof(SecretOptions.Keys)}").GetChildren().Any()
            ? null
            : $"dev:{ReadOrMake(Path.Combine(data, Name))}";

    private static string ReadOrMake(string file)
    {
        try
        {
            if (!File.Exists(file))
                PrivateFile.Make(file, Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretCipher.KeySize)) + '\n');
            var text = File.ReadAllText(file).Trim();
            Span<byte> key = stackalloc byte[SecretCipher.KeySize];
            return Convert.TryFromBase64String(text, key, out var length) && length == key.Length
                ? text
                : throw new CompositionException(
                    $"{file} is damaged. Restore it: without it the secrets of functions are lost. Or delete it, and they must be set anew.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CompositionException($"{file}, the key of functions' secrets, can be neither read nor made: {error.Message}");
        }
    }
}
