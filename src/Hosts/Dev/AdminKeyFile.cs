using System.Security.Cryptography;
using FaaS.Application.Messaging;
using FaaS.Infrastructure.Http.Access;

namespace FaaS.Hosts.Dev;

/// <summary>
/// The admin key of a Dev that needs keys and was not given one: made at the first start, printed then and never again.
/// What is kept beside the data is its hash.
/// </summary>
internal static class AdminKeyFile
{
    private const string Name = "admin-key";

    /// <summary>The hash of the key, which is made now if there is none.</summary>
    /// <exception cref="CompositionException">The file is not what this wrote.</exception>
    public static byte[] Hash(string data)
    {
        var file = Path.Combine(data, Name);
        if (File.Exists(file)) return Read(file);
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(AuthOptions.AdminKeyLengthMin));
        var hash = AuthOptions.HashOf(key);
        PrivateFile.Make(file, Convert.ToHexStringLower(hash) + '\n');
        Console.WriteLine($"The admin key, which is not shown again (delete {file} for a new one): {key}");
        return hash;
    }

    private static byte[] Read(string file)
    {
        var text = File.ReadAllText(file).Trim();
        return text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new CompositionException($"{file} is damaged; delete it, and a new admin key is made.");
    }
}
