using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>Users and their execution time.</summary>
internal sealed class UserEndpoints(IMediator mediator, AccessRules rules, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/u/{user}", RegisterAsync).Needs(Scopes.Admin);
        app.MapDelete("/u/{user}", DeleteAsync).Needs(Scopes.Admin);
        app.MapGet("/u/{user}/time", GetTimeAsync).Needs(Scopes.UsageRead);
    }

    private async Task RegisterAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        if (!user.IsOk)
        {
            await Answers.Fail(http, user.Error).ConfigureAwait(false);
            return;
        }
        // Where keys are needed a user without one could not be used by anybody but the holder of the admin key.
        var (key, stored) = rules.IsOpen ? default : KeyEndpoints.Make("first", Scopes.Admin);
        var registered = await mediator.Send(new RegisterUser(user.Value, stored, Origins.Of(http)), CancellationToken.None)
            .ConfigureAwait(false);
        if (registered.IsOk) await CloseAsync(registered.Value.ClosedGeneration).ConfigureAwait(false);
        await (!registered.IsOk ? Answers.Fail(http, registered.Error)
            : stored is null ? Answers.Number(http, 1)
            : AnswerAsync(http, key!.Text, new KeyRecord(user.Value, registered.Value.Generation, stored, time.GetUtcNow().ToUnixTimeMilliseconds(), 0)))
            .ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext http, string secret, KeyRecord key)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answers.Write(http, StatusCodes.Status200OK, (secret, key), static (json, made) =>
        {
            json.WriteNumber("res"u8, 1);
            json.WritePropertyName("key"u8);
            KeyEndpoints.Write(json, made.key, made.secret);
        });
    }

    private async Task DeleteAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        if (!user.IsOk)
        {
            await Answers.Fail(http, user.Error).ConfigureAwait(false);
            return;
        }
        var deleted = await mediator.Send(new DeleteUser(user.Value, Origins.Of(http)), CancellationToken.None).ConfigureAwait(false);
        if (deleted.IsOk) await CloseAsync(deleted.Value.ClosedGeneration).ConfigureAwait(false);
        await (deleted.IsOk
            ? Answers.Number(http, deleted.Value.ClosedGeneration == 0 ? 0 : 1)
            : Answers.Fail(http, deleted.Error)).ConfigureAwait(false);
    }

    /// <summary>
    /// Db has closed the generation already, which is what counts: if the queue cannot be told now, it asks by itself.
    /// </summary>
    private async Task CloseAsync(long generation)
    {
        if (generation != 0) await mediator.Send(new CloseOwner(generation), CancellationToken.None).ConfigureAwait(false);
    }

    private async Task GetTimeAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        if (!user.IsOk)
        {
            await Answers.Fail(http, user.Error).ConfigureAwait(false);
            return;
        }
        var time = await mediator.Send(new GetExecutionTime(user.Value), http.RequestAborted).ConfigureAwait(false);
        await (time.IsOk
            ? Answers.Number(http, (long)time.Value.Wall.TotalMilliseconds)
            : Answers.Fail(http, time.Error)).ConfigureAwait(false);
    }
}
