using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FaaS.Domain.Access;
using FaaS.Domain.Functions;

namespace FaaS.Application.Db;

/// <summary>What entries of the audit log say was there before and after, as JSON.</summary>
public static class AuditTexts
{
    /// <summary>A generation of a user; null where there is none.</summary>
    public static string? Generation(long generation) => generation == 0 ? null : $"{{\"generation\":{generation}}}";

    /// <summary>A version of a function.</summary>
    public static string Version(int number) => string.Create(CultureInfo.InvariantCulture, $"{{\"version\":{number}}}");

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

    /// <summary>A configuration as it stands: of values and secrets, the names.</summary>
    public static string Config(FunctionConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Config(config.Settings, [.. config.Secrets.Select(secret => secret.Name)], null);
    }

    /// <summary>A configuration that is to be: of values and secrets, the names.</summary>
    public static string Config(FunctionSettings settings, IReadOnlyList<SecretChange> secrets) => Config(
        settings, [.. secrets.Where(secret => secret.Value is not null).Select(secret => secret.Name)],
        [.. secrets.Where(secret => secret.Value is null).Select(secret => secret.Name)]);

    private static string Config(FunctionSettings settings, IReadOnlyList<string> secrets, IReadOnlyList<string>? removed)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (settings.Runtime is { } runtime) json.WriteString("runtime", runtime);
            if (settings.TimeoutMs is { } timeoutMs) json.WriteNumber("timeoutMs", timeoutMs);
            if (settings.MemoryMb is { } memoryMb) json.WriteNumber("memoryMb", memoryMb);
            if (settings.Concurrency is { } concurrency) json.WriteNumber("concurrency", concurrency);
            if (settings.Retry?.ToPolicy() is { } retry)
            {
                json.WriteStartObject("retry");
                json.WriteNumber("attempts", retry.Attempts);
                json.WriteNumber("backoffMs", retry.BackoffMs);
                json.WriteNumber("maxBackoffMs", retry.MaxBackoffMs);
                json.WriteEndObject();
            }
            WriteNames(json, "env", settings.Env?.Select(value => value.Name));
            WriteNames(json, "secrets", secrets);
            WriteNames(json, "removedSecrets", removed);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void WriteNames(Utf8JsonWriter json, string field, IEnumerable<string>? names)
    {
        if (names is null || !names.Any()) return;
        json.WriteStartArray(field);
        foreach (var name in names) json.WriteStringValue(name);
        json.WriteEndArray();
    }

    /// <summary>A schedule: all but the arguments, which may be anything.</summary>
    public static string Schedule(ScheduleDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("cron", definition.Cron);
            json.WriteString("timeZone", definition.Zone);
            json.WriteString("missed", definition.Missed.Word());
            json.WriteNumber("argumentBytes", definition.Arguments.Length);
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
