using System.Text.Json;
using FaaS.Domain;
using FaaS.Domain.Functions;
using static FaaS.Infrastructure.Http.JsonMembers;

namespace FaaS.Infrastructure.Http;

/// <summary>What is to be configured for a function, as a body says it. Whether values are in range is Db's to say.</summary>
internal sealed class ConfigRequest
{
    /// <summary>The longest body, in bytes: the largest configuration, with every byte of it as an escape of six.</summary>
    public const int BytesMax = (SettingsRules.BytesMax * 6) + (16 << 10);

    private const string Form =
        """{"timeoutMs": 5000, "retry": {"attempts": 3}, "env": {"MODE": "fast"}, "secrets": {"TOKEN": "…"}}""";

    private static readonly string[] Fields = ["runtime", "timeoutMs", "memoryMb", "concurrency", "retry", "env", "secrets"];

    private static readonly string[] RetryFields = ["attempts", "backoffMs", "maxBackoffMs"];

    private ConfigRequest(FunctionSettings settings, IReadOnlyList<SecretChange> secrets) =>
        (Settings, Secrets) = (settings, secrets);

    /// <summary>All but the secrets.</summary>
    public FunctionSettings Settings { get; }

    /// <summary>Secrets to be set or removed.</summary>
    public IReadOnlyList<SecretChange> Secrets { get; }

    /// <summary>Reads a body; the error names the field that is wrong, and never a value.</summary>
    public static Result<ConfigRequest> Parse(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? Read(json.RootElement) : Bad(Malformed);
        }
        catch (WrongFieldException wrong)
        {
            return Bad(wrong.Message);
        }
        // Half of a surrogate pair is no text, which only shows when it is read as one.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return Bad(Malformed);
        }
    }

    private static ConfigRequest Read(JsonElement json)
    {
        var given = Members(json, "", Fields);
        var settings = new FunctionSettings(
            Text("runtime", given), Number("timeoutMs", "timeoutMs", given), Number("memoryMb", "memoryMb", given),
            Number("concurrency", "concurrency", given), Retry(given), Env(given));
        return new ConfigRequest(settings, Changes(given));
    }

    private static RetrySettings? Retry(Dictionary<string, JsonElement> given)
    {
        if (Object("retry", given) is not { } json) return null;
        var members = Members(json, "retry.", RetryFields);
        return new RetrySettings(
            Number("attempts", "retry.attempts", members), Number("backoffMs", "retry.backoffMs", members),
            Number("maxBackoffMs", "retry.maxBackoffMs", members));
    }

    private static List<EnvironmentValue> Env(Dictionary<string, JsonElement> given)
    {
        var values = new List<EnvironmentValue>();
        if (Object("env", given) is not { } json) return values;
        foreach (var (name, value) in Named(json, "env"))
        {
            if (value.ValueKind != JsonValueKind.String) throw new WrongFieldException($"env.{name} must be a string.");
            values.Add(new EnvironmentValue(name, value.GetString()!));
        }
        return values;
    }

    private static List<SecretChange> Changes(Dictionary<string, JsonElement> given)
    {
        var changes = new List<SecretChange>();
        if (Object("secrets", given) is not { } json) return changes;
        foreach (var (name, value) in Named(json, "secrets"))
        {
            if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
                throw new WrongFieldException($"secrets.{name} must be a string, or null to remove the secret.");
            changes.Add(new SecretChange(name, value.GetString()));
        }
        return changes;
    }

    /// <summary>Names that users chose. What is wrong with a name is said without it: somebody may have swapped the two.</summary>
    private static IEnumerable<(string Name, JsonElement Value)> Named(JsonElement json, string field)
    {
        var names = new HashSet<string>();
        foreach (var member in json.EnumerateObject())
        {
            if (!SettingsRules.IsName(member.Name))
                throw new WrongFieldException($"A name in {field} must match {SettingsRules.NamePattern}.");
            if (!names.Add(member.Name))
                throw new WrongFieldException($"{field}.{member.Name} is there twice; name each once.");
            yield return (member.Name, member.Value);
        }
    }

    private static JsonElement? Object(string field, Dictionary<string, JsonElement> given)
    {
        if (!given.TryGetValue(field, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.Object ? value : throw new WrongFieldException($"{field} must be an object.");
    }

    /// <summary>A whole number; what does not fit an int is the nearest that does, which no range has.</summary>
    private static int? Number(string field, string name, Dictionary<string, JsonElement> given)
    {
        if (!given.TryGetValue(field, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out var number) || number != decimal.Truncate(number))
            throw new WrongFieldException($"{name} must be a whole number.");
        return (int)Math.Clamp(number, int.MinValue, int.MaxValue);
    }

    private const string Malformed = $"The body must be a JSON object such as {Form}; every field may be left out.";

    private static Error Bad(string message) => new(ErrorCode.BadRequest, message);
}
