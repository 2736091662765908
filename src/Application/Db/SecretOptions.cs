using System.ComponentModel.DataAnnotations;
using System.Globalization;
using FaaS.Domain.Secrets;

namespace FaaS.Application.Db;

/// <summary>The keys that functions' secrets are encrypted with, section <c>Secrets</c>.</summary>
public sealed class SecretOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Secrets";

    private const int IdCharsMax = 32;

    /// <summary>Keys by their ids: base64 of 32 random bytes each. The ids are no secrets, and lower-case.</summary>
    /// <value>Default none: secrets are refused.</value>
    public Dictionary<string, string> Keys { get; } = [];

    /// <summary>The id of the key for new secrets. What other keys encrypted is encrypted with this one again.</summary>
    /// <value>One of <see cref="Keys"/>; default none, and then there may be no keys.</value>
    public string? CurrentKey { get; set; }

    /// <summary>How often it is looked for secrets that another key encrypted, after the start.</summary>
    /// <value>1 s to 1 day; default 1 h.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Takes keys out of one text, in the place of the section's: for where a secret is one value. What is wrong with it
    /// shows when they are validated.
    /// </summary>
    /// <param name="text"><c>id:base64</c>, separated by commas, the current one first; nothing changes for none.</param>
    public void Take(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return;
        Keys.Clear();
        CurrentKey = null;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            var id = Id(colon < 0 ? "" : part[..colon].Trim());
            CurrentKey ??= id;
            // Given twice, it is as wrong as a key that is none.
            if (!Keys.TryAdd(id, part[(colon + 1)..].Trim())) Keys[id] = "";
        }
    }

    /// <summary>The keys, once they are valid.</summary>
    public SecretKeys ToKeys() => new(
        Keys.ToDictionary(key => Id(key.Key), key => Convert.FromBase64String(key.Value)),
        string.IsNullOrEmpty(CurrentKey) ? null : Id(CurrentKey));

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (id, key) in Keys)
        {
            if (!IsId(id))
                yield return Wrong($"{SectionName}:{nameof(Keys)} has an id that is none: 1 to {IdCharsMax} letters, digits, '-' or '_'.");
            // Never the key itself: this goes into the log.
            else if (!IsKey(key))
                yield return Wrong($"{SectionName}:{nameof(Keys)}:{id} must be base64 of {SecretCipher.KeySize} bytes.");
        }
        if (Keys.Count == 0 && string.IsNullOrEmpty(CurrentKey)) yield break;
        if (string.IsNullOrEmpty(CurrentKey) || !Keys.Keys.Any(id => Id(id) == Id(CurrentKey)))
            yield return Wrong($"{SectionName}:{nameof(CurrentKey)} must be the id of one of {SectionName}:{nameof(Keys)}.");
    }

    /// <summary>Settings know no case, and where they come from decides how they are written: environment variables, say.</summary>
    private static string Id(string id) => id.ToLower(CultureInfo.InvariantCulture);

    private static bool IsId(string id) =>
        id.Length is > 0 and <= IdCharsMax && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    private static bool IsKey(string key)
    {
        Span<byte> bytes = stackalloc byte[SecretCipher.KeySize + 2];
        return Convert.TryFromBase64String(key, bytes, out var length) && length == SecretCipher.KeySize;
    }

    private static ValidationResult Wrong(string message) => new(message);
}
