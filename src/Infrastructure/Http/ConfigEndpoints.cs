using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>What is configured for a function: its limits, its retries, and what it finds in <c>env</c>.</summary>
internal sealed class ConfigEndpoints(IMediator mediator, Uploads uploads)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/u/{user}/fn/{fn}/config", GetAsync).Needs(Scopes.FunctionsRead);
        app.MapPut("/u/{user}/fn/{fn}/config", PutAsync).Needs(Scopes.FunctionsWrite);
    }

    private async Task GetAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        var config = !user.IsOk ? user.Error : !name.IsOk ? name.Error
            : await mediator.Send(new GetConfig(user.Value, name.Value), http.RequestAborted).ConfigureAwait(false);
        await (config.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, config.Value, static (json, config) => Write(json, config, null))
            : Answers.Fail(http, config.Error)).ConfigureAwait(false);
    }

    private async Task PutAsync(HttpContext http)
    {
        var stored = await StoreAsync(http).ConfigureAwait(false);
        if (!stored.IsOk)
        {
            await Answers.Fail(http, stored.Error).ConfigureAwait(false);
            return;
        }
        // Db has it, which is what counts: a queue that cannot be told now learns it with the next submission of the
        // function, or by itself as it goes through what waits.
        var isTold = stored.Value.Policy is not { } policy
            || (await mediator.Send(
                new AdoptPolicy(stored.Value.Generation, stored.Value.FunctionId, policy), CancellationToken.None)
                .ConfigureAwait(false)).IsOk;
        await Answers.Write(
            http, StatusCodes.Status200OK, (Config: stored.Value, IsTold: isTold),
            static (json, put) => Write(json, put.Config, put.IsTold)).ConfigureAwait(false);
    }

    private async Task<Result<ConfigState>> StoreAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        if (!user.IsOk) return user.Error;
        if (!name.IsOk) return name.Error;
        var body = await uploads.ReadAsync(http, ConfigRequest.BytesMax, "configuration").ConfigureAwait(false);
        var config = body.IsOk ? ConfigRequest.Parse(body.Value) : body.Error;
        if (!config.IsOk) return config.Error;
        return await mediator.Send(
            new PutConfig(user.Value, name.Value, config.Value.Settings, config.Value.Secrets, Origins.Of(http)),
            CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>With what is in force where nothing is set. Of secrets the names, and nothing else is there to write.</summary>
    private static void Write(Utf8JsonWriter json, ConfigState config, bool? isInForce)
    {
        json.WriteStartObject("res"u8);
        json.WriteNumber("revision"u8, config.Revision);
        json.WriteString("runtime"u8, config.Settings.Runtime ?? SettingsRules.JavaScript);
        json.WriteNumber("timeoutMs"u8, (long)config.Limits.Timeout.TotalMilliseconds);
        json.WriteNumber("memoryMb"u8, config.Limits.MemoryMiB);
        json.WriteNumber("concurrency"u8, config.Settings.Concurrency ?? 0);
        Write(json, config.Settings.Retry?.ToPolicy());
        json.WriteStartObject("env"u8);
        foreach (var value in config.Settings.Env ?? []) json.WriteString(value.Name, value.Value);
        json.WriteEndObject();
        json.WriteStartArray("secrets"u8);
        foreach (var secret in config.Secrets) json.WriteStringValue(secret);
        json.WriteEndArray();
        if (isInForce is { } inForce) json.WriteBoolean("inForce"u8, inForce);
        json.WriteEndObject();
    }

    /// <summary>Null where the platform's own rule holds.</summary>
    private static void Write(Utf8JsonWriter json, RetryPolicy? retry)
    {
        if (retry is null)
        {
            json.WriteNull("retry"u8);
            return;
        }
        json.WriteStartObject("retry"u8);
        json.WriteNumber("attempts"u8, retry.Attempts);
        json.WriteNumber("backoffMs"u8, retry.BackoffMs);
        json.WriteNumber("maxBackoffMs"u8, retry.MaxBackoffMs);
        json.WriteEndObject();
    }
}
