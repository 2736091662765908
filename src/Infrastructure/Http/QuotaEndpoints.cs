using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Users;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>What a user may have and use, and what of it is used.</summary>
internal sealed class QuotaEndpoints(IMediator mediator, Uploads uploads)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/u/{user}/quotas", GetAsync).Needs(Scopes.UsageRead);
        app.MapPut("/u/{user}/quotas", SetAsync).ForAdmin();
    }

    private async Task GetAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        var quotas = user.IsOk
            ? await mediator.Send(new GetQuotas(user.Value), http.RequestAborted).ConfigureAwait(false)
            : user.Error;
        if (!quotas.IsOk)
        {
            await Answers.Fail(http, quotas.Error).ConfigureAwait(false);
            return;
        }
        var standing = await mediator.Send(new DescribeUser(user.Value), http.RequestAborted).ConfigureAwait(false);
        await Answers.Write(
            http, StatusCodes.Status200OK, (Quotas: quotas.Value, Standing: standing), static (json, found) =>
            {
                json.WriteStartObject("res"u8);
                Write(json, found.Quotas.Quotas);
                Write(json, found.Quotas.Overrides);
                Write(json, found.Quotas.Used, found.Standing.IsOk ? found.Standing.Value : null);
                json.WriteEndObject();
            }).ConfigureAwait(false);
    }

    private async Task SetAsync(HttpContext http)
    {
        var user = RouteNames.User(http);
        var changes = user.IsOk ? await ReadAsync(http).ConfigureAwait(false) : user.Error;
        var granted = changes.IsOk
            ? await mediator.Send(new SetQuotas(user.Value, changes.Value, Origins.Of(http)), CancellationToken.None).ConfigureAwait(false)
            : changes.Error;
        if (!granted.IsOk)
        {
            await Answers.Fail(http, granted.Error).ConfigureAwait(false);
            return;
        }
        // Db has them, which is what counts: a queue that cannot be told now asks by itself, within a minute.
        var told = await mediator.Send(new AdoptTerms(granted.Value.Terms), CancellationToken.None).ConfigureAwait(false);
        await Answers.Write(
            http, StatusCodes.Status200OK, (Granted: granted.Value, IsTold: told.IsOk), static (json, set) =>
            {
                json.WriteStartObject("res"u8);
                Write(json, set.Granted.Terms.Quotas);
                Write(json, set.Granted.Overrides);
                json.WriteBoolean("inForce"u8, set.IsTold);
                json.WriteEndObject();
            }).ConfigureAwait(false);
    }

    private async ValueTask<Result<IReadOnlyList<QuotaChange>>> ReadAsync(HttpContext http)
    {
        var body = await uploads.ReadAsync(http, QuotaRequest.BytesMax, "quotas").ConfigureAwait(false);
        return body.IsOk ? QuotaRequest.Parse(body.Value) : body.Error;
    }

    private static void Write(Utf8JsonWriter json, Quotas inForce)
    {
        json.WriteStartObject("quotas"u8);
        foreach (var quota in Quota.All) json.WriteNumber(quota.Name, quota.Of(inForce));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, QuotaOverrides own)
    {
        json.WriteStartObject("overrides"u8);
        foreach (var quota in Quota.All)
            if (quota.Of(own) is { } value) json.WriteNumber(quota.Name, value);
        json.WriteEndObject();
    }

    /// <summary>Under the quotas' names. What only the queue knows is null while it does not answer.</summary>
    private static void Write(Utf8JsonWriter json, QuotaUsage used, UserStanding? standing)
    {
        json.WriteStartObject("used"u8);
        json.WriteNumber("functions"u8, used.Functions);
        json.WriteNumber("sourceBytes"u8, used.SourceBytes);
        json.WriteCount("queuedJobs", standing?.Waiting);
        json.WriteCount("concurrentJobs", standing?.Running);
        json.WriteNumber("msPerDay"u8, used.DayUs / 1_000);
        json.WriteNumber("msPerMonth"u8, used.MonthUs / 1_000);
        json.WriteNumber("storedBytes"u8, used.StoredBytes);
        json.WriteEndObject();
    }
}
