using System.Text.Json.Serialization;

namespace FaaS.Hosts.Shared;

/// <summary>An answer in the envelope of all answers.</summary>
/// <param name="Error">Whether something is missing.</param>
/// <param name="Res">A word, or a sentence that says what.</param>
/// <param name="Code">A word for machines, when something is missing.</param>
internal sealed record Health(bool Error, string Res, string? Code);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Health))]
internal sealed partial class HealthJson : JsonSerializerContext;
