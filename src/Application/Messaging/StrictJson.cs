using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FaaS.Application.Messaging;

/// <summary>
/// Reads what others wrote without trusting it: a value that its type says is always there must be there and not be
/// null. Handlers and the queue's core rely on that. What may be null may also be left out, as the writer does.
/// </summary>
internal static class StrictJson
{
    private static readonly ConcurrentDictionary<JsonSerializerContext, JsonSerializerOptions> Known = new();

    /// <summary>The options of a context, made strict; the same for each call, for they hold the metadata.</summary>
    public static JsonSerializerOptions Of(JsonSerializerContext types) =>
        Known.GetOrAdd(types, types => new JsonSerializerOptions(types.Options)
        {
            RespectNullableAnnotations = true,
            TypeInfoResolver = types.WithAddedModifier(RequireWhatCannotBeNull),
        });

    private static void RequireWhatCannotBeNull(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: false, IsNullable: false })
                property.IsRequired = true;
        }
    }
}
