using System.Text.Encodings.Web;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using MediatR;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>
/// Writes a list of functions page after page, so that it takes the memory of one page however long it is. A page is
/// asked for once the client has taken the one before it.
/// </summary>
internal sealed class FunctionList(IMediator mediator)
{
    private const int FlushBytes = 64 << 10;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task AnswerAsync(HttpContext http, string user)
    {
        var first = await mediator.Send(new ListFunctions(user), http.RequestAborted).ConfigureAwait(false);
        if (!first.IsOk) await Answers.Fail(http, first.Error).ConfigureAwait(false);
        else await WriteAsync(http, user, first.Value).ConfigureAwait(false);
    }

    private async Task WriteAsync(HttpContext http, string user, FunctionPage page)
    {
        var generation = page.Generation;
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, Json);
        json.WriteStartObject();
        json.WriteBoolean("error"u8, false);
        json.WriteStartObject("res"u8);
        while (true)
        {
            await WriteAsync(http, json, page).ConfigureAwait(false);
            if (!page.More) break;
            await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
            var next = await mediator.Send(new ListFunctions(user, page.Functions[^1].Name), http.RequestAborted)
                .ConfigureAwait(false);
            if (!next.IsOk || next.Value.Generation != generation)
            {
                // The answer has begun with a success: only a broken connection says that this is not all. It is so
                // when the user was registered again meanwhile, whose functions are others.
                http.Abort();
                return;
            }
            page = next.Value;
        }
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>A source may be six times as long in JSON, so what is written is sent on before it is much.</summary>
    private static async Task WriteAsync(HttpContext http, Utf8JsonWriter json, FunctionPage page)
    {
        foreach (var function in page.Functions)
        {
            json.WriteString(function.Name, function.Source);
            if (json.BytesPending + http.Response.BodyWriter.UnflushedBytes < FlushBytes) continue;
            await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        }
    }
}
