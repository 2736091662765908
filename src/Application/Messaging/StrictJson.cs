using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FaaS.Application.Messaging;

/// <summary>
/// Reads what others wrote without trusting it: a value that its type says is always there must be there and not be
/// null. Handlers and the queue's core rely on that. What may be null may also be left out, as the writer does.
/// </summary>
internal static class StrictJson
{
    public static JsonTypeInfo<T> Of<T>(JsonTypeInfo<T> type)
    {
        var options = new JsonSerializerOptions(type.Options)
        {
            RespectNullableAnnotations = true,
            TypeInfoResolver = type.OriginatingResolver!.WithAddedModifier(RequireWhatCannotBeNull),
        };
        return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    private static void RequireWhatCannotBeNull(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: false, IsNullable: false })
                property.IsRequired = true;
        }
    }
}
