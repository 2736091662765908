using FaaS.Application.Db;
using FaaS.Application.Worker;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Http;

/// <summary>Functions and their sources.</summary>
internal sealed class FunctionEndpoints(
    IMediator mediator, ISandbox sandbox, Uploads uploads, IOptions<HttpOptions> options)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/u/{user}/fn", ListAsync).Needs(Scopes.FunctionsRead);
        app.MapGet("/u/{user}/fn/{fn}", GetAsync).Needs(Scopes.FunctionsRead);
        app.MapPost("/u/{user}/fn/{fn}", RegisterAsync).Needs(Scopes.FunctionsWrite);
        app.MapDelete("/u/{user}/fn/{fn}", DeleteAsync).Needs(Scopes.FunctionsWrite);
    }

    private async Task ListAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        await (user.IsOk ? new FunctionList(mediator).AnswerAsync(http, user.Value) : Answers.Fail(http, user.Error))
            .ConfigureAwait(false);
    }

    private async Task GetAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        var function = !user.IsOk ? user.Error : !name.IsOk ? name.Error
            : await mediator.Send(new GetFunction(user.Value, name.Value), http.RequestAborted).ConfigureAwait(false);
        await (function.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, function.Value, static (json, function) =>
            {
                json.WriteStartObject("res"u8);
                json.WriteString("name"u8, function.Name);
                // The original documents f_name and answers name: its clients may read either.
                json.WriteString("f_name"u8, function.Name);
                json.WriteString("src"u8, function.Source);
                json.WriteEndObject();
            })
            : Answers.Fail(http, function.Error)).ConfigureAwait(false);
    }

    private async Task RegisterAsync(HttpContext http)
    {
        var registered = await RegisterCheckedAsync(http).ConfigureAwait(false);
        await (registered.IsOk ? Answers.Number(http, 1) : Answers.Fail(http, registered.Error)).ConfigureAwait(false);
    }

    private async Task<Result<RegisteredFunction>> RegisterCheckedAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        if (!user.IsOk) return user.Error;
        if (!name.IsOk) return name.Error;
        // Whose source nobody would keep is not worth a child.
        var current = await mediator.Send(new FindVersion(user.Value, name.Value), http.RequestAborted).ConfigureAwait(false);
        if (!current.IsOk && current.Error.Code != ErrorCode.FunctionNotFound) return current.Error;
        var body = await uploads.ReadAsync(http, options.Value.SourceBytes, "source").ConfigureAwait(false);
        if (!body.IsOk) return body.Error;
        var source = RequestBodies.CheckSource(body.Value);
        if (!source.IsOk) return source.Error;
        var check = await sandbox.CheckAsync(user.Value, source.Value, http.RequestAborted).ConfigureAwait(false);
        if (check.PlatformFailed)
            return new Error(
                ErrorCode.Unavailable, check.Message ?? "The source could not be checked; try again.",
                check.RetryAfterSeconds ?? 1);
        if (!check.IsFunction)
            return new Error(
                ErrorCode.InvalidSource, check.Message ?? "The source does not come out as a function.",
                Line: check.Line, Column: check.Column);
        var request = new RegisterFunction(user.Value, name.Value, source.Value);
        return await mediator.Send(request, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        var deleted = !user.IsOk ? user.Error : !name.IsOk ? name.Error
            : await mediator.Send(new DeleteFunction(user.Value, name.Value, Origins.Of(http)), CancellationToken.None)
                .ConfigureAwait(false);
        // Deleting is never too late: what belongs to a user that is gone is gone as well.
        var gone = !deleted.IsOk && deleted.Error.Code == ErrorCode.UserNotFound;
        await (deleted.IsOk || gone
            ? Answers.Number(http, !gone && deleted.Value.Existed ? 1 : 0)
            : Answers.Fail(http, deleted.Error)).ConfigureAwait(false);
    }
}
