using System.Text.Json;
using System.Text.Json.Serialization;
using FaaS.Domain;

namespace FaaS.Infrastructure.NetMq;

/// <summary>Errors as they cross: <c>{"code":"QueueFull","message":"Full.","retryAfterSeconds":9}</c>.</summary>
internal static class Faults
{
    private const int MessageCharsMax = 4_000;

    public static byte[] Encode(Error error)
    {
        if (error.Message.Length > MessageCharsMax) error = error with { Message = error.Message[..MessageCharsMax] };
        return JsonSerializer.SerializeToUtf8Bytes(error, FaultJson.Default.Error);
    }

    public static Error Decode(ReadOnlySpan<byte> body)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, FaultJson.Default.Error) is { Message: not null } error) return error;
        }
        catch (JsonException)
        {
            // Answered below: what the other side meant is lost, that it failed is not.
        }
        return new Error(ErrorCode.Internal, "The answer is an error that does not decode.");
    }

    /// <summary>What a caller is told about a request that was certainly not executed.</summary>
    public static Error OfRejection(string reason, string place) => reason switch
    {
        Reasons.Overloaded => new Error(ErrorCode.Unavailable, $"{place} is overloaded; try again.", 1),
        Reasons.ShuttingDown => new Error(ErrorCode.Unavailable, $"{place} is shutting down; try again.", 1),
        Reasons.Duplicate => new Error(ErrorCode.OutcomeUnknown, $"{place} has seen this request before."),
        _ => new Error(ErrorCode.Unavailable, $"{place} refused the request unexecuted: {reason}."),
    };

    public static Error TooLarge(int bytes) => new(
        ErrorCode.TooLarge, $"The message is {bytes} bytes; the limit is {Frames.MessageBytesMax}.");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Error))]
internal sealed partial class FaultJson : JsonSerializerContext;
