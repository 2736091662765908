using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FaaS.Domain.Access;

namespace FaaS.Application.Db;

/// <summary>What entries of the audit log say was there before and after, as JSON.</summary>
public static class AuditTexts
{
    /// <summary>A generation of a user; null where there is none.</summary>
    public static string? Generation(long generation) => generation == 0 ? null : $"{{\"generation\":{generation}}}";

    /// <summary>A key: all that its list shows but when it was used.</summary>
    public static string Key(NewKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("name", key.Name);
            json.WriteStartArray("scopes");
            foreach (var word in key.Scopes.Words()) json.WriteStringValue(word);
            json.WriteEndArray();
            if (key.Function is not null) json.WriteString("fn", key.Function);
            if (key.ExpiresAtMs != 0) json.WriteString("expires", DateTimeOffset.FromUnixTimeMilliseconds(key.ExpiresAtMs));
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Quotas that are to be set; null is the default.</summary>
    public static string Changes(IReadOnlyList<QuotaChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        return $"{{{string.Join(',', changes.Select(Change))}}}";

        // Names of quotas are letters.
        static string Change(QuotaChange change) =>
            $"\"{change.Quota}\":{change.Value?.ToString(CultureInfo.InvariantCulture) ?? "null"}";
    }
}
