using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Secrets;

namespace FaaS.Application.Db;

/// <summary>Reads secrets, and says why one cannot be read. No value is in an error.</summary>
internal static class SecretErrors
{
    /// <summary>There is nothing to encrypt with.</summary>
    public static Error NoKeys() => new(
        ErrorCode.Conflict,
        "This platform has no key to encrypt secrets with, so it takes none; ask its operator to set Secrets:Keys and "
        + "Secrets:CurrentKey, or put the value into env if it need not be secret.");

    /// <summary>The secrets of a configuration, decrypted, in their order.</summary>
    public static Result<IReadOnlyList<EnvironmentValue>> OpenAll(SecretKeys keys, FunctionConfig config)
    {
        var values = new EnvironmentValue[config.Secrets.Count];
        for (var at = 0; at < values.Length; at++)
        {
            var value = Open(keys, config, config.Secrets[at]);
            if (!value.IsOk) return value.Error;
            values[at] = new EnvironmentValue(config.Secrets[at].Name, value.Value);
        }
        return Result<IReadOnlyList<EnvironmentValue>>.Ok(values);
    }

    /// <summary>One secret of a configuration, decrypted.</summary>
    public static Result<string> Open(SecretKeys keys, FunctionConfig config, SealedSecret secret)
    {
        if (keys.Find(secret.Key) is not { } cipher)
            return new Error(
                ErrorCode.Conflict,
                $"The secret {secret.Name} is encrypted with the key '{secret.Key}', which this platform does not have now; its "
                + $"operator must set Secrets:Keys:{secret.Key} again, or the secret be set anew, or removed with null.");
        return cipher.Open(config.PlaceOf(secret.Name), secret) is { } value
            ? value
            : new Error(
                ErrorCode.Conflict,
                $"The secret {secret.Name} does not open with the key '{secret.Key}': the key is another than it was, or what is "
                + "stored was changed. Set the secret anew, or remove it with null.");
    }
}
