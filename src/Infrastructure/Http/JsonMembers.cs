using System.Text.Json;

namespace FaaS.Infrastructure.Http;

/// <summary>A field of a body is wrong; the message says which, and what it may be.</summary>
internal sealed class WrongFieldException(string message) : Exception(message);

/// <summary>Reads the members of a body that is a JSON object.</summary>
internal static class JsonMembers
{
    /// <summary>The members of an object, each of which is one of some fields and there once.</summary>
    public static Dictionary<string, JsonElement> Members(JsonElement json, string prefix, string[] fields)
    {
        var members = new Dictionary<string, JsonElement>();
        foreach (var member in json.EnumerateObject())
        {
            if (!fields.Contains(member.Name))
                throw new WrongFieldException(
                    $"There is no field '{prefix}{Cut(member.Name)}'; the fields are {string.Join(", ", fields.Select(field => prefix + field))}.");
            if (!members.TryAdd(member.Name, member.Value))
                throw new WrongFieldException($"{prefix}{member.Name} is there twice; name each field once.");
        }
        return members;
    }

    /// <summary>A field that is a string; null where it is null or not there.</summary>
    public static string? Text(string field, Dictionary<string, JsonElement> given)
    {
        if (!given.TryGetValue(field, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw new WrongFieldException($"{field} must be a string.");
    }

    private static string Cut(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
