using System.Globalization;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using static FaaS.Infrastructure.Http.JsonMembers;

namespace FaaS.Infrastructure.Http;

/// <summary>What was registered under a function's name, and the way back to it.</summary>
internal sealed class VersionEndpoints(IMediator mediator, Uploads uploads)
{
    private const int LimitDefault = 50;

    private const int BodyBytes = 1_024;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/u/{user}/fn/{fn}/versions", ListAsync).Needs(Scopes.FunctionsRead);
        app.MapGet("/u/{user}/fn/{fn}/versions/{version}", GetAsync).Needs(Scopes.FunctionsRead);
        app.MapPost("/u/{user}/fn/{fn}/rollback", RollbackAsync).Needs(Scopes.FunctionsWrite);
    }

    private async Task ListAsync(HttpContext http)
    {
        var page = await ReadPageAsync(http).ConfigureAwait(false);
        await (page.IsOk ? Answers.Write(http, StatusCodes.Status200OK, page.Value, Write) : Answers.Fail(http, page.Error))
            .ConfigureAwait(false);
    }

    private async Task<Result<VersionPage>> ReadPageAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        if ((user.Error ?? name.Error) is { } wrong) return wrong;
        var limit = http.Number("limit", LimitDefault, 1, ListVersions.PageMax);
        var before = http.Number("cursor", 0, 1, int.MaxValue);
        if ((limit.Error ?? before.Error) is { } bad) return bad;
        return await mediator.Send(
            new ListVersions(user.Value, name.Value, before.Value, limit.Value), http.RequestAborted).ConfigureAwait(false);
    }

    private async Task GetAsync(HttpContext http)
    {
        var (user, name, number) = (RouteNames.User(http), RouteNames.Function(http), NumberOf(http));
        var found = (user.Error ?? name.Error ?? number.Error) is { } wrong
            ? wrong
            : await mediator.Send(new GetVersion(user.Value, name.Value, number.Value), http.RequestAborted).ConfigureAwait(false);
        await (found.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, found.Value, static (json, found) =>
            {
                json.WriteStartObject("res"u8);
                Write(json, found.Version);
                json.WriteString("src"u8, found.Source);
                json.WriteEndObject();
            })
            : Answers.Fail(http, found.Error)).ConfigureAwait(false);
    }

    private static Result<int> NumberOf(HttpContext http)
    {
        var text = http.Request.RouteValues["version"] as string ?? "";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : QueryTexts.Wrong("The version", text, "a whole number from 1");
    }

    private async Task RollbackAsync(HttpContext http)
    {
        var done = await RollbackToAsync(http).ConfigureAwait(false);
        await (done.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, done.Value.Version, static (json, version) =>
            {
                json.WriteStartObject("res"u8);
                json.WriteNumber("version"u8, version);
                json.WriteEndObject();
            })
            : Answers.Fail(http, done.Error)).ConfigureAwait(false);
    }

    private async Task<Result<RegisteredFunction>> RollbackToAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        if ((user.Error ?? name.Error) is { } wrong) return wrong;
        var body = await uploads.ReadAsync(http, BodyBytes, "rollback").ConfigureAwait(false);
        var number = body.IsOk ? Parse(body.Value) : body.Error;
        if (!number.IsOk) return number.Error;
        return await mediator.Send(
            new RollbackFunction(user.Value, name.Value, number.Value, Origins.Of(http)), CancellationToken.None).ConfigureAwait(false);
    }

    private static Result<int> Parse(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object
                && Members(json.RootElement, "", ["version"]).TryGetValue("version", out var version)
                && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out var number) && number > 0)
                return number;
        }
        catch (WrongFieldException wrong)
        {
            return new Error(ErrorCode.BadRequest, wrong.Message);
        }
        // Half of a surrogate pair is no text, which only shows when it is read as one.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Said below.
        }
        return new Error(ErrorCode.BadRequest, """The body must be {"version": n}, with the number of a version, from 1.""");
    }

    private static void Write(Utf8JsonWriter json, VersionPage page)
    {
        json.WriteStartObject("res"u8);
        json.WriteStartArray("versions"u8);
        foreach (var version in page.Versions)
        {
            json.WriteStartObject();
            Write(json, version);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteText("cursor", page.More ? page.Versions[^1].Number.ToString(CultureInfo.InvariantCulture) : null);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, FunctionVersion version)
    {
        json.WriteNumber("version"u8, version.Number);
        json.WriteBoolean("current"u8, version.IsCurrent);
        json.WriteString("hash"u8, version.Hash.Text);
        json.WriteNumber("bytes"u8, version.Bytes);
        json.WriteTime("registeredAt", version.RegisteredAtMs);
    }
}
