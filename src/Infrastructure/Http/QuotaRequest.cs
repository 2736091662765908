using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Users;

namespace FaaS.Infrastructure.Http;

/// <summary>Which quotas are to be set, as a body says it.</summary>
internal static class QuotaRequest
{
    /// <summary>The longest body, in bytes.</summary>
    public const int BytesMax = 4 << 10;

    private const string Form = """{"queuedJobs": 500, "msPerDay": 60000, "weight": null}""";

    /// <summary>Reads a body; the error names the quota that is wrong, and what it may be.</summary>
    public static Result<IReadOnlyList<QuotaChange>> Parse(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? Read(json.RootElement) : Malformed();
        }
        // Half of a surrogate pair is no name, which only shows when it is read as one.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return Malformed();
        }
    }

    private static Result<IReadOnlyList<QuotaChange>> Read(JsonElement json)
    {
        var changes = new List<QuotaChange>();
        foreach (var member in json.EnumerateObject())
        {
            if (Quota.Find(member.Name) is not { } quota) return Bad(QuotaMessages.NoQuota(member.Name));
            if (changes.Exists(change => change.Quota == quota.Name)) return Bad($"{quota.Name} is there twice; name each quota once.");
            long? value = null;
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                if (member.Value.ValueKind != JsonValueKind.Number || !member.Value.TryGetInt64(out var number) || !quota.Allows(number))
                    return Bad(QuotaMessages.OutOfRange(quota));
                value = number;
            }
            changes.Add(new QuotaChange(quota.Name, value));
        }
        return changes.Count == 0 ? Malformed() : Result<IReadOnlyList<QuotaChange>>.Ok(changes);
    }

    private static Error Malformed() =>
        Bad($"The body must be a JSON object with the quotas to set, each a whole number, or null for the default: {Form}.");

    private static Error Bad(string message) => new(ErrorCode.BadRequest, message);
}
