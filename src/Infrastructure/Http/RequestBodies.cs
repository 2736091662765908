using System.Text.Json;
using System.Text.Unicode;
using FaaS.Domain;

namespace FaaS.Infrastructure.Http;

/// <summary>Checks what request bodies say.</summary>
internal static class RequestBodies
{
    /// <summary>
    /// Checks that the bytes are a JSON array in UTF-8 that nests no deeper than allowed, without building anything;
    /// an empty body is an empty array.
    /// </summary>
    public static Result<byte[]> CheckArguments(byte[] body, int depth)
    {
        if (body.Length == 0) return "[]"u8.ToArray();
        if (body.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) < 0) return Invalid("there is nothing but white space");
        if (!Utf8.IsValid(body)) return Invalid("they are not valid UTF-8");
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = depth });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray) return Invalid("they are not an array");
            while (reader.Read())
            {
            }
            return body;
        }
        catch (JsonException error)
        {
            var where = $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}";
            return IsTooDeep(body, depth)
                ? Invalid($"they nest deeper than {depth} levels ({where})")
                : Invalid($"they are not JSON ({where})");
        }
    }

    /// <summary>Checks that a source is text.</summary>
    public static Result<byte[]> CheckSource(byte[] body)
    {
        if (body.Length == 0) return new Error(ErrorCode.InvalidSource, "The source is empty; send a function.");
        return Utf8.IsValid(body)
            ? body
            : new Error(ErrorCode.InvalidSource, "The source is not valid UTF-8; send it as UTF-8 text.");
    }

    /// <summary>Tells a nesting error from a syntax error: counts brackets outside strings.</summary>
    private static bool IsTooDeep(ReadOnlySpan<byte> body, int limit)
    {
        var (depth, inString) = (0, false);
        for (var at = 0; at < body.Length; at++)
        {
            switch (body[at])
            {
                case (byte)'"':
                    inString = !inString;
                    break;
                case (byte)'\\' when inString:
                    at++;
                    break;
                case (byte)'[' or (byte)'{' when !inString:
                    if (++depth > limit) return true;
                    break;
                case (byte)']' or (byte)'}' when !inString:
                    depth--;
                    break;
            }
        }
        return false;
    }

    private static Error Invalid(string why) => new(
        ErrorCode.InvalidArguments, $"The arguments cannot be used: {why}. Send a JSON array, one element an argument.");
}
