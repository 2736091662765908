using FaaS.Application.Db;
using FaaS.Application.Queue;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>Users and their execution time.</summary>
internal sealed class UserEndpoints(IMediator mediator)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/u/{user}", RegisterAsync);
        app.MapDelete("/u/{user}", DeleteAsync);
        app.MapGet("/u/{user}/time", GetTimeAsync);
    }

    private async Task RegisterAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        if (!user.IsOk)
        {
            await Answers.Fail(http, user.Error).ConfigureAwait(false);
            return;
        }
        var registered = await mediator.Send(new RegisterUser(user.Value), CancellationToken.None).ConfigureAwait(false);
        if (registered.IsOk) await CloseAsync(registered.Value.ClosedGeneration).ConfigureAwait(false);
        await (registered.IsOk ? Answers.Number(http, 1) : Answers.Fail(http, registered.Error)).ConfigureAwait(false);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        if (!user.IsOk)
        {
            await Answers.Fail(http, user.Error).ConfigureAwait(false);
            return;
        }
        var deleted = await mediator.Send(new DeleteUser(user.Value), CancellationToken.None).ConfigureAwait(false);
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
