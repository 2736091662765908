using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FaaS.Domain;

namespace FaaS.Application.Messaging;

/// <summary>Turns one message type into JSON bytes and back, by source-generated metadata.</summary>
/// <param name="row">The row's name, for messages.</param>
/// <param name="type">The metadata.</param>
/// <typeparam name="T">The message.</typeparam>
internal sealed class RowCodec<T>(string row, JsonTypeInfo<T> type)
{
    private readonly JsonTypeInfo<T> _strict = StrictJson.Of(type);

    public ReadOnlyMemory<byte> Encode(T message) => JsonSerializer.SerializeToUtf8Bytes(message, type);

    public Result<T> Decode(ReadOnlyMemory<byte> body, ErrorCode whenMalformed)
    {
        try
        {
            var message = JsonSerializer.Deserialize(body.Span, _strict);
            return message is null ? Malformed(whenMalformed, "it is null") : message;
        }
        catch (JsonException error)
        {
            return Malformed(whenMalformed, error.Message);
        }
    }

    private Error Malformed(ErrorCode code, string why) => new(code, $"{row}: the body does not decode: {why}");
}
