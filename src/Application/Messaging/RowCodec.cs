using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using FaaS.Domain;

namespace FaaS.Application.Messaging;

/// <summary>
/// Turns one message type into JSON bytes and back, by source-generated metadata. It is looked up when the first message
/// comes: a part knows all rows and speaks few, and making the metadata of all was half of what its start cost.
/// </summary>
/// <param name="row">The row's name, for messages.</param>
/// <param name="types">The metadata of all messages of the row's module.</param>
/// <typeparam name="T">The message.</typeparam>
internal sealed class RowCodec<T>(string row, JsonSerializerContext types)
{
    // Two threads may look it up at once, and find the same.
    private JsonTypeInfo<T>? _plain;
    private JsonTypeInfo<T>? _strict;

    private JsonTypeInfo<T> Plain => _plain ??= (JsonTypeInfo<T>)types.Options.GetTypeInfo(typeof(T));

    private JsonTypeInfo<T> Strict => _strict ??= (JsonTypeInfo<T>)StrictJson.Of(types).GetTypeInfo(typeof(T));

    public ReadOnlyMemory<byte> Encode(T message) => JsonSerializer.SerializeToUtf8Bytes(message, Plain);

    public Result<T> Decode(ReadOnlyMemory<byte> body, ErrorCode whenMalformed)
    {
        // The reader looks at the bytes of those strings alone that it needs.
        if (!Utf8.IsValid(body.Span)) return Malformed(whenMalformed, "it is not UTF-8");
        try
        {
            var message = JsonSerializer.Deserialize(body.Span, Strict);
            return message is null ? Malformed(whenMalformed, "it is null") : message;
        }
        catch (JsonException error)
        {
            return Malformed(whenMalformed, error.Message);
        }
    }

    private Error Malformed(ErrorCode code, string why) => new(code, $"{row}: the body does not decode: {why}");
}
