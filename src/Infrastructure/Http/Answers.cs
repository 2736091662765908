using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>Writes every answer: the envelope, its length, and nothing that was not asked for.</summary>
internal static class Answers
{
    private const int KeptBytes = 64 * 1024;

    private static readonly JsonWriterOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // Every answer is written by the few methods here, and a test reads each of them.
        SkipValidation = true,
    };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary><c>{"error":false,"res":1}</c></summary>
    public static Task Number(HttpContext http, long value) =>
        Write(http, StatusCodes.Status200OK, value, static (json, res) => json.WriteNumber("res"u8, res));

    /// <summary><c>{"error":false,"res":"…"}</c></summary>
    public static Task Text(HttpContext http, string value, int status = StatusCodes.Status200OK) =>
        Write(http, status, value, static (json, res) => json.WriteString("res"u8, res));

    /// <summary><c>{"error":false,"res":"…"}</c>, from UTF-8.</summary>
    public static Task Text(HttpContext http, byte[] value) =>
        Write(http, StatusCodes.Status200OK, value, static (json, res) => json.WriteString("res"u8, res));

    /// <summary>Lines for people, without an envelope.</summary>
    public static Task Plain(HttpContext http, string lines)
    {
        var bytes = Encoding.UTF8.GetBytes(lines);
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.ContentLength = bytes.Length;
        return http.Response.Body.WriteAsync(bytes, 0, bytes.Length, http.RequestAborted);
    }

    /// <summary><c>{"error":false,"res":null}</c></summary>
    public static Task Null(HttpContext http) =>
        Write(http, StatusCodes.Status200OK, 0, static (json, _) => json.WriteNull("res"u8));

    /// <summary>A success whose content is written by the caller, from the name <c>res</c> on.</summary>
    public static Task Write<T>(HttpContext http, int status, T state, Action<Utf8JsonWriter, T> content)
    {
        var json = Begin(out var buffer);
        json.WriteStartObject();
        json.WriteBoolean("error"u8, false);
        content(json, state);
        json.WriteEndObject();
        return Send(http, status, json, buffer);
    }

    /// <summary>A failure.</summary>
    /// <param name="http">The request.</param>
    /// <param name="error">What is wrong.</param>
    /// <param name="job">The job whose outcome is unknown, if that is it.</param>
    public static Task Fail(HttpContext http, Error error, JobId? job = null)
    {
        var json = Begin(out var buffer);
        json.WriteStartObject();
        json.WriteBoolean("error"u8, true);
        json.WriteString("res"u8, error.Message);
        json.WriteString("code"u8, error.Code.Word());
        if (job is { } id) json.WriteString("id"u8, id.ToString());
        if (error.Line is { } line) json.WriteNumber("line"u8, line);
        if (error.Column is { } column) json.WriteNumber("column"u8, column);
        if (error.Quota is { } quota) json.WriteString("quota"u8, quota);
        if (error.Limit is { } limit) json.WriteNumber("limit"u8, limit);
        json.WriteEndObject();
        if (ErrorTable.RetryAfterOf(error) is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Send(http, ErrorTable.StatusOf(error), json, buffer);
    }

    private static Utf8JsonWriter Begin(out ArrayBufferWriter<byte> buffer)
    {
        buffer = _buffer ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        var json = _writer ??= new Utf8JsonWriter(buffer, Json);
        json.Reset(buffer);
        return json;
    }

    /// <summary>
    /// Hands the bytes to the server before anything is awaited, so the thread's buffer is free for the next answer.
    /// </summary>
    private static Task Send(HttpContext http, int status, Utf8JsonWriter json, ArrayBufferWriter<byte> buffer)
    {
        json.Flush();
        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = buffer.WrittenCount;
        if (HttpMethods.IsHead(http.Request.Method)) return Task.CompletedTask;
        response.BodyWriter.Write(buffer.WrittenSpan);
        if (buffer.Capacity > KeptBytes) _buffer = null;
        return response.BodyWriter.FlushAsync(http.RequestAborted).AsTask();
    }
}
