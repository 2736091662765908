namespace FaaS.Domain.Secrets;

/// <summary>The keys that secrets are encrypted with: one for new ones, and those that older ones may still need.</summary>
public sealed class SecretKeys
{
    private readonly Dictionary<string, SecretCipher> _ciphers;

    /// <summary>A ring of keys.</summary>
    /// <param name="keys">256-bit keys by their ids.</param>
    /// <param name="current">The id of the one for new secrets, among them; null where there are none.</param>
    /// <exception cref="ArgumentException">The current one is not among them, or a key has another length.</exception>
    public SecretKeys(IReadOnlyDictionary<string, byte[]> keys, string? current)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (current is not null && !keys.ContainsKey(current))
            throw new ArgumentException($"There is no key '{current}'.", nameof(current));
        _ciphers = keys.ToDictionary(key => key.Key, key => new SecretCipher(key.Key, key.Value));
        Current = current is null ? null : _ciphers[current];
    }

    /// <summary>No keys: nothing can be encrypted.</summary>
    public static SecretKeys None { get; } = new(new Dictionary<string, byte[]>(), null);

    /// <summary>What new secrets are encrypted with; null where there is nothing.</summary>
    public SecretCipher? Current { get; }

    /// <summary>The cipher of a key's id; null when there is no such key.</summary>
    public SecretCipher? Find(string key) => _ciphers.GetValueOrDefault(key);
}
