using System.Globalization;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>Who did what to whom.</summary>
internal sealed class AuditEndpoints(IMediator mediator)
{
    public void Map(IEndpointRouteBuilder app) => app.MapGet("/audit", ListAsync).ForAdmin();

    private async Task ListAsync(HttpContext http)
    {
        var query = AuditRequest.Of(http);
        var page = query.IsOk
            ? await mediator.Send(new ListAudit(query.Value), http.RequestAborted).ConfigureAwait(false)
            : query.Error;
        await (page.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, page.Value, Write)
            : Answers.Fail(http, page.Error)).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter json, AuditPage page)
    {
        json.WriteStartObject("res"u8);
        json.WriteStartArray("entries"u8);
        foreach (var entry in page.Entries) Write(json, entry);
        json.WriteEndArray();
        json.WriteText("cursor", page.More ? page.Entries[^1].Id.ToString(CultureInfo.InvariantCulture) : null);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, AuditEntry entry)
    {
        var (note, outcome, code, missed) = entry.Record;
        json.WriteStartObject();
        json.WriteNumber("id"u8, entry.Id);
        json.WriteTime("at", note.AtMs);
        json.WriteString("action"u8, note.Action);
        json.WriteText("user", note.User.Length == 0 ? null : note.User);
        json.WriteText("target", note.Target);
        Write(json, note.By);
        WriteJson(json, "before", note.Before);
        WriteJson(json, "after", note.After);
        json.WriteString("outcome"u8, outcome);
        json.WriteText("code", code);
        json.WriteNumber("missed"u8, missed);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Origin by)
    {
        json.WriteStartObject("by"u8);
        json.WriteString("actor"u8, by.Actor);
        json.WriteText("key", by.Key);
        json.WriteText("user", by.KeyUser);
        json.WriteText("address", by.Address);
        json.WriteText("request", by.Request);
        json.WriteEndObject();
    }

    private static void WriteJson(Utf8JsonWriter json, string name, string? text)
    {
        json.WritePropertyName(name);
        if (text is null) json.WriteNullValue();
        else json.WriteRawValue(text);
    }
}
