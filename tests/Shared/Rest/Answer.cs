using System.Text.Json;

namespace FaaS.Tests.Shared.Rest;

/// <summary>One answer of the REST interface, read whole.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">All headers, by name without case.</param>
/// <param name="Text">The body.</param>
public sealed record Answer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    private readonly Lazy<JsonElement> _json = new(() =>
    {
        using var document = JsonDocument.Parse(Text, new JsonDocumentOptions { MaxDepth = 1_024 });
        return document.RootElement.Clone();
    });

    /// <summary>The body as JSON.</summary>
    public JsonElement Json => _json.Value;

    /// <summary>The envelope's <c>error</c>.</summary>
    public bool IsError => Json.GetProperty("error").GetBoolean();

    /// <summary>The envelope's <c>res</c>.</summary>
    public JsonElement Res => Json.GetProperty("res");

    /// <summary>The content when it is a text.</summary>
    public string Word => Res.GetString() ?? throw new InvalidOperationException($"res is null in {Text}");

    /// <summary>The content when it is a whole number.</summary>
    public long Number => Res.ValueKind == JsonValueKind.Number
        ? Res.GetInt64()
        : throw new InvalidOperationException($"res is not a number in {Text}");

    /// <summary>The machine word of a failure; null beside a success.</summary>
    public string? Code => Json.TryGetProperty("code", out var code) ? code.GetString() : null;

    /// <summary>A header, or null.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <inheritdoc/>
    public override string ToString() => $"{Status} {Text}";
}
