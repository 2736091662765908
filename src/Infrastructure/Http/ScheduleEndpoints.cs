using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Http;

/// <summary>When functions run by the clock.</summary>
internal sealed class ScheduleEndpoints(IMediator mediator, Uploads uploads, IOptions<HttpOptions> options)
{
    private const int LimitDefault = 50;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/u/{user}/schedules", ListAsync).Needs(Scopes.FunctionsRead);
        app.MapGet("/u/{user}/fn/{fn}/schedule", GetAsync).Needs(Scopes.FunctionsRead);
        app.MapPut("/u/{user}/fn/{fn}/schedule", PutAsync).Needs(Scopes.FunctionsWrite);
        app.MapDelete("/u/{user}/fn/{fn}/schedule", DeleteAsync).Needs(Scopes.FunctionsWrite);
    }

    private async Task ListAsync(HttpContext http)
    {
        var page = await ReadPageAsync(http).ConfigureAwait(false);
        await (page.IsOk ? Answers.Write(http, StatusCodes.Status200OK, page.Value, Write) : Answers.Fail(http, page.Error))
            .ConfigureAwait(false);
    }

    private async Task<Result<SchedulePage>> ReadPageAsync(HttpContext http)
    {
        var (user, after) = (RouteNames.User(http), http.Text("cursor"));
        if (!user.IsOk) return user.Error;
        var limit = http.Number("limit", LimitDefault, 1, ScheduleLimits.PageMax);
        if (!limit.IsOk) return limit.Error;
        if (after.Length > 0 && !Names.IsFunction(after))
            return QueryTexts.Wrong("cursor", after, "the whole cursor of the page before");
        return await mediator.Send(new ListSchedules(user.Value, after, limit.Value), http.RequestAborted).ConfigureAwait(false);
    }

    private async Task GetAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        var found = !user.IsOk ? user.Error : !name.IsOk ? name.Error
            : await mediator.Send(new GetSchedule(user.Value, name.Value), http.RequestAborted).ConfigureAwait(false);
        await (!found.IsOk ? Answers.Fail(http, found.Error)
            : found.Value.Schedule is { } schedule ? AnswerAsync(http, schedule)
            : Answers.Null(http)).ConfigureAwait(false);
    }

    private async Task PutAsync(HttpContext http)
    {
        var stored = await StoreAsync(http).ConfigureAwait(false);
        await (stored.IsOk ? AnswerAsync(http, stored.Value) : Answers.Fail(http, stored.Error)).ConfigureAwait(false);
    }

    private async Task<Result<Schedule>> StoreAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        if (!user.IsOk) return user.Error;
        if (!name.IsOk) return name.Error;
        var body = await uploads.ReadAsync(http, ScheduleRequest.BytesMax, "schedule").ConfigureAwait(false);
        var definition = body.IsOk ? ScheduleRequest.Parse(body.Value, options.Value.ArgumentDepth) : body.Error;
        if (!definition.IsOk) return definition.Error;
        return await mediator.Send(
            new PutSchedule(user.Value, name.Value, definition.Value, Origins.Of(http)), CancellationToken.None).ConfigureAwait(false);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        var deleted = !user.IsOk ? user.Error : !name.IsOk ? name.Error
            : await mediator.Send(new DeleteSchedule(user.Value, name.Value, Origins.Of(http)), CancellationToken.None)
                .ConfigureAwait(false);
        // Late is no failure: without the function there is no schedule either.
        Result<bool> existed = deleted.IsOk ? deleted.Value.Existed : deleted.Error;
        if (!existed.IsOk && existed.Error.Code == ErrorCode.FunctionNotFound) existed = false;
        await (existed.IsOk ? Answers.Number(http, existed.Value ? 1 : 0) : Answers.Fail(http, existed.Error)).ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext http, Schedule schedule) =>
        Answers.Write(http, StatusCodes.Status200OK, schedule, static (json, schedule) =>
        {
            json.WritePropertyName("res"u8);
            Write(json, schedule);
        });

    private static void Write(Utf8JsonWriter json, SchedulePage page)
    {
        json.WriteStartObject("res"u8);
        json.WriteStartArray("schedules"u8);
        foreach (var schedule in page.Schedules) Write(json, schedule);
        json.WriteEndArray();
        json.WriteText("cursor", page.More ? page.Schedules[^1].Of.Function : null);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Schedule schedule)
    {
        var definition = schedule.Definition;
        json.WriteStartObject();
        json.WriteString("fn"u8, schedule.Of.Function);
        json.WriteNumber("revision"u8, schedule.Revision);
        json.WriteString("cron"u8, definition.Cron);
        json.WriteString("timeZone"u8, definition.Zone);
        json.WriteString("missed"u8, definition.Missed.Word());
        json.WritePropertyName("arguments"u8);
        json.WriteRawValue(definition.Arguments, skipInputValidation: true);
        // A year that is beyond the calendar's end is never.
        json.WriteTime("nextAt", schedule.NextAtMs == long.MaxValue ? 0 : schedule.NextAtMs);
        json.WritePropertyName("last"u8);
        if (schedule.Last is { } last)
        {
            json.WriteStartObject();
            json.WriteTime("dueAt", last.DueAtMs);
            json.WriteText("job", last.Job?.ToString());
            json.WriteText("refusal", last.Refusal);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }
        json.WriteEndObject();
    }
}
