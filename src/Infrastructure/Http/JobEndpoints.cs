using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Http;

/// <summary>Jobs: status, result, record, logs, cancelling.</summary>
internal sealed class JobEndpoints(
    IMediator mediator, JobEnds ends, LogFollower follower, IOptions<HttpOptions> options, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/j/{id}", GetStatusAsync).Needs(Scopes.JobsRead);
        app.MapGet("/j/{id}/res", GetResultAsync).Needs(Scopes.JobsRead);
        app.MapGet("/j/{id}/info", GetInfoAsync).Needs(Scopes.JobsRead);
        app.MapGet("/j/{id}/logs", GetLogsAsync).Needs(Scopes.JobsRead);
        app.MapDelete("/j/{id}", DeleteAsync).Needs(Scopes.JobsCancel);
    }

    private async Task GetStatusAsync(HttpContext http)
    {
        var end = await FindEndAsync(http).ConfigureAwait(false);
        await (end.IsOk ? Answers.Number(http, end.Value is null ? 0 : 1) : Answers.Fail(http, end.Error))
            .ConfigureAwait(false);
    }

    private async Task GetResultAsync(HttpContext http)
    {
        var end = await FindEndAsync(http).ConfigureAwait(false);
        await (!end.IsOk ? Answers.Fail(http, end.Error)
            : end.Value is null ? Answers.Null(http) : Answers.Text(http, end.Value.Text)).ConfigureAwait(false);
    }

    private async ValueTask<Result<EndedJob?>> FindEndAsync(HttpContext http)
    {
        var id = RouteNames.Job(http);
        if (!id.IsOk) return id.Error;
        var waitMs = Waits.OfQuery(http);
        if (!waitMs.IsOk) return waitMs.Error;
        return await ends.WaitAsync(id.Value, waitMs.Value, http.RequestAborted).ConfigureAwait(false);
    }

    private async Task GetInfoAsync(HttpContext http)
    {
        var id = RouteNames.Job(http);
        if (!id.IsOk)
        {
            await Answers.Fail(http, id.Error).ConfigureAwait(false);
            return;
        }
        // The queue is asked first: what it no longer holds by then is found ended in Db.
        var standing = await mediator.Send(new DescribeJob(id.Value), http.RequestAborted).ConfigureAwait(false);
        var record = await mediator.Send(new FindJob(id.Value, JobParts.Result), http.RequestAborted)
            .ConfigureAwait(false);
        await (record.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK,
                (record.Value, standing.IsOk && standing.Value.Known ? standing.Value : null,
                    time.GetUtcNow().ToUnixTimeMilliseconds()), JobInfo.Write)
            : Answers.Fail(http, record.Error)).ConfigureAwait(false);
    }

    private async Task GetLogsAsync(HttpContext http)
    {
        var id = RouteNames.Job(http);
        if (id.IsOk && http.Request.Query.TryGetValue("follow", out var follow) && follow != "false")
        {
            await follower.AnswerAsync(http, id.Value).ConfigureAwait(false);
            return;
        }
        var record = id.IsOk
            ? await mediator.Send(new FindJob(id.Value, JobParts.Logs), http.RequestAborted).ConfigureAwait(false)
            : id.Error;
        await (record.IsOk
            ? Answers.Write(http, StatusCodes.Status200OK, record.Value.Logs, static (json, logs) =>
            {
                json.WritePropertyName("res"u8);
                JobInfo.WriteRaw(json, logs is { Length: > 0 } ? logs : "[]"u8.ToArray());
            })
            : Answers.Fail(http, record.Error)).ConfigureAwait(false);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        var id = RouteNames.Job(http);
        var cancelled = id.IsOk
            ? await CancelAsync(id.Value).ConfigureAwait(false)
            : id.Error;
        await (cancelled.IsOk ? Answers.Number(http, cancelled.Value.Removed ? 1 : 0) : Answers.Fail(http, cancelled.Error))
            .ConfigureAwait(false);
    }
    /// <summary>A client that goes away does not undo its wish; the deadline ends the wait, and then nobody knows yet.</summary>
    private async Task<Result<CancelledJob>> CancelAsync(JobId id)
    {
        try
        {
            return await mediator.Send(new CancelJob(id), CancellationToken.None)
                .WaitAsync(options.Value.SubmitDeadline, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new Error(
                ErrorCode.OutcomeUnknown, $"It is not known whether {id} was cancelled or deleted; send DELETE again.", 1);
        }
    }
}
