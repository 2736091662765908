using System.Globalization;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>What a new key is to be, as its body says.</summary>
/// <param name="Name">What its holder calls it.</param>
/// <param name="Scopes">What it allows.</param>
/// <param name="Function">The only function it is for; null for all.</param>
/// <param name="ExpiresAtMs">When it ends to be valid, Unix ms; 0 for never.</param>
internal sealed record KeyRequest(string Name, Scopes Scopes, string? Function, long ExpiresAtMs)
{
    /// <summary>The longest body, in bytes.</summary>
    public const int BytesMax = 16 << 10;

    private const string Form = """{"name": "…", "scopes": ["jobs:submit"], "fn": "…", "expires": "2027-01-31T12:00:00Z"}""";

    /// <summary>Reads a body; the error names the member that is wrong, and what it may be.</summary>
    public static Result<KeyRequest> Parse(byte[] body, DateTimeOffset now)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? Read(json.RootElement, now)
                : Bad($"The body must be a JSON object: {Form}.");
        }
        // Half of a surrogate pair is no text, which only shows when it is read as one.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return Bad($"The body must be a JSON object: {Form}.");
        }
    }

    private static Result<KeyRequest> Read(JsonElement json, DateTimeOffset now)
    {
        var request = new KeyRequest("", Scopes.None, null, 0);
        foreach (var member in json.EnumerateObject())
        {
            var read = member.Name switch
            {
                "name" => request.WithName(member.Value),
                "scopes" => request.WithScopes(member.Value),
                "fn" => request.WithFunction(member.Value),
                "expires" => request.WithEnd(member.Value, now),
                var other => Bad($"There is no member '{other}'; a key is {Form}, of which fn and expires may be left out."),
            };
            if (!read.IsOk) return read.Error;
            request = read.Value;
        }
        if (request.Name.Length == 0) return Bad($"name is missing: 1 to {KeyLimits.NameCharsMax} characters.");
        return request.Scopes == Scopes.None
            ? Bad($"scopes is missing: one or more of {ScopeWords.List}.")
            : request;
    }

    private Result<KeyRequest> WithName(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= KeyLimits.NameCharsMax } name
            && !name.Any(char.IsControl)
            ? this with { Name = name }
            : Bad($"name must be a text of 1 to {KeyLimits.NameCharsMax} characters, without control characters.");

    private Result<KeyRequest> WithScopes(JsonElement value)
    {
        var scopes = Scopes.None;
        if (value.ValueKind != JsonValueKind.Array) return Bad($"scopes must be a list of {ScopeWords.List}.");
        foreach (var word in value.EnumerateArray())
        {
            var scope = ScopeWords.Find(word.ValueKind == JsonValueKind.String ? word.GetString() : null);
            if (scope == Scopes.None) return Bad($"{word} is no scope; the scopes are {ScopeWords.List}.");
            scopes |= scope;
        }
        return this with { Scopes = scopes };
    }

    private Result<KeyRequest> WithFunction(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null) return this;
        return value.ValueKind == JsonValueKind.String && Names.IsFunction(value.GetString()!)
            ? this with { Function = value.GetString() }
            : new Error(ErrorCode.InvalidName, $"fn must match {Names.FunctionPattern}.");
    }

    private Result<KeyRequest> WithEnd(JsonElement value, DateTimeOffset now)
    {
        if (value.ValueKind == JsonValueKind.Null) return this;
        return value.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(
                value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end) && end > now
            ? this with { ExpiresAtMs = end.ToUnixTimeMilliseconds() }
            : Bad("expires must be a time to come, such as 2027-01-31T12:00:00Z.");
    }

    private static Result<KeyRequest> Bad(string message) => new Error(ErrorCode.BadRequest, message);
}
