using System.Security.Cryptography;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>A user's API keys.</summary>
internal sealed class KeyEndpoints(IMediator mediator, Uploads uploads, KeyRing ring, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/u/{user}/keys", ListAsync).Needs(Scopes.Admin);
        app.MapPost("/u/{user}/keys", AddAsync).Needs(Scopes.Admin);
        app.MapDelete("/u/{user}/keys/{key}", RevokeAsync).Needs(Scopes.Admin);
    }

    /// <summary>A new key and what is stored of it.</summary>
    public static (ApiKey Key, NewKey Stored) Make(string name, Scopes scopes, string? function = null, long expiresAtMs = 0)
    {
        var key = ApiKey.Create(RandomNumberGenerator.GetBytes(ApiKey.RandomBytes));
        return (key, new NewKey(key.Id, key.Hash, name, scopes, function, expiresAtMs));
    }

    /// <summary>Writes a key's members; its secret only where it is shown, which is once.</summary>
    public static void Write(Utf8JsonWriter json, KeyRecord record, string? secret)
    {
        var key = record.Key;
        json.WriteStartObject();
        json.WriteString("id"u8, key.Id);
        if (secret is not null) json.WriteString("secret"u8, secret);
        json.WriteString("name"u8, key.Name);
        json.WriteStartArray("scopes"u8);
        foreach (var word in key.Scopes.Words()) json.WriteStringValue(word);
        json.WriteEndArray();
        json.WriteText("fn", key.Function);
        json.WriteTime("expires", key.ExpiresAtMs);
        json.WriteTime("created", record.CreatedAtMs);
        json.WriteTime("lastUsed", record.UsedAtMs);
        json.WriteEndObject();
    }

    private async Task ListAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        var keys = user.IsOk
            ? await mediator.Send(new ListKeys(user.Value), http.RequestAborted).ConfigureAwait(false)
            : user.Error;
        await (keys.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, keys.Value.Keys, static (json, keys) =>
            {
                json.WriteStartArray("res"u8);
                foreach (var key in keys) Write(json, key, null);
                json.WriteEndArray();
            })
            : Answers.Fail(http, keys.Error)).ConfigureAwait(false);
    }

    private async Task AddAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        var request = user.IsOk ? await ReadAsync(http).ConfigureAwait(false) : user.Error;
        if (!request.IsOk)
        {
            await Answers.Fail(http, request.Error).ConfigureAwait(false);
            return;
        }
        var (key, stored) = Make(
            request.Value.Name, request.Value.Scopes, request.Value.Function, request.Value.ExpiresAtMs);
        var added = await mediator.Send(new AddKey(user.Value, stored, Origins.Of(http)), CancellationToken.None).ConfigureAwait(false);
        http.Response.Headers.CacheControl = "no-store";
        await (added.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, (added.Value, key.Text), static (json, made) =>
            {
                json.WritePropertyName("res"u8);
                Write(json, made.Value, made.Text);
            })
            : Answers.Fail(http, added.Error)).ConfigureAwait(false);
    }

    private async ValueTask<Result<KeyRequest>> ReadAsync(HttpContext http)
    {
        var body = await uploads.ReadAsync(http, KeyRequest.BytesMax, "key").ConfigureAwait(false);
        return body.IsOk ? KeyRequest.Parse(body.Value, time.GetUtcNow()) : body.Error;
    }

    private async Task RevokeAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        var id = http.Request.RouteValues["key"] as string ?? "";
        var revoked = user.IsOk
            ? await mediator.Send(new RevokeKey(user.Value, id, Origins.Of(http)), CancellationToken.None).ConfigureAwait(false)
            : user.Error;
        ring.Forget(id);
        await (revoked.IsOk ? Answers.Number(http, revoked.Value.Existed ? 1 : 0) : Answers.Fail(http, revoked.Error))
            .ConfigureAwait(false);
    }
}
