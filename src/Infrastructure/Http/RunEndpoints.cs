using System.Diagnostics;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Application.Telemetry;
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

/// <summary>Submitting jobs.</summary>
internal sealed class RunEndpoints(
    IMediator mediator, JobIds ids, JobEnds ends, Uploads uploads, IOptions<HttpOptions> options,
    TimeProvider time)
{
    public void Map(IEndpointRouteBuilder app) => app.MapPost("/u/{user}/fn/{fn}/run", RunAsync).Needs(Scopes.JobsSubmit);

    private async Task RunAsync(HttpContext http)
    {
        var submission = await ReadAsync(http).ConfigureAwait(false);
        if (!submission.IsOk)
        {
            await Answers.Fail(http, submission.Error).ConfigureAwait(false);
            return;
        }
        var id = submission.Value.Id;
        var error = await SubmitAsync(submission.Value).ConfigureAwait(false);
        if (error is { Code: ErrorCode.AlreadySubmitted, Job: { } earlier })
        {
            SubmitOptions.Replayed(http);
            (id, error) = (earlier, null);
        }
        if (error is not null)
        {
            var unknown = error.Code == ErrorCode.OutcomeUnknown;
            await Answers.Fail(http, error, unknown ? id : null).ConfigureAwait(false);
            return;
        }
        http.Response.Headers.Location = $"/j/{id}";
        var waitMs = Waits.OfPreference(http, out var asynchronous);
        if (waitMs == 0)
        {
            var status = asynchronous ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;
            await Answers.Text(http, id.ToString(), status).ConfigureAwait(false);
            return;
        }
        var end = await ends.WaitAsync(id, waitMs, http.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(http, id, end.IsOk ? end.Value : null).ConfigureAwait(false);
    }

    private async ValueTask<Result<JobSubmission>> ReadAsync(HttpContext http)
    {
        var (user, name) = (RouteNames.User(http), RouteNames.Function(http));
        if (!user.IsOk) return user.Error;
        if (!name.IsOk) return name.Error;
        var asked = SubmitOptions.Of(http);
        if (!asked.IsOk) return asked.Error;
        var body = await uploads.ReadAsync(http, options.Value.ArgumentBytes, "arguments").ConfigureAwait(false);
        if (!body.IsOk) return body.Error;
        var arguments = RequestBodies.CheckArguments(body.Value, options.Value.ArgumentDepth);
        if (!arguments.IsOk) return arguments.Error;
        var packed = await PackAsync(user.Value, name.Value, arguments.Value).ConfigureAwait(false);
        if (!packed.IsOk) return packed.Error;
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (delayMs, ttlMs, _) = asked.Value;
        return new JobSubmission(
            ids.Next(), user.Value, name.Value, packed.Value, nowMs, delayMs == 0 ? 0 : nowMs + delayMs, ttlMs == 0 ? 0 : nowMs + ttlMs,
            Idempotency: asked.Value.KeyFor("run", name.Value, body.Value));
    }

    /// <summary>
    /// Large arguments are stored before the job that refers to them: not without a function that could take them, for
    /// what nothing refers to stays in the store for an hour; nor of a user who may not submit.
    /// </summary>
    private async ValueTask<Result<Body>> PackAsync(string user, string function, byte[] arguments)
    {
        if (arguments.Length <= Body.InlineLimit) return Body.Of(arguments);
        var payload = Guid.CreateVersion7();
        try
        {
            var current = await mediator.Send(new FindVersion(user, function), CancellationToken.None)
                .WaitAsync(options.Value.SubmitDeadline, time).ConfigureAwait(false);
            if (!current.IsOk) return current.Error;
            var admission = await mediator.Send(new CheckAdmission(user, arguments.Length), CancellationToken.None)
                .WaitAsync(options.Value.SubmitDeadline, time).ConfigureAwait(false);
            // A queue of an older release does not know the question; it will say no when the job comes.
            if (!admission.IsOk && admission.Error.Code is not (ErrorCode.RouteNotFound or ErrorCode.Forbidden)) return admission.Error;
            if (admission is { IsOk: true, Value.Refusal: { } refusal }) return refusal;
            var stored = await mediator.Send(new StorePayload(payload, arguments), CancellationToken.None)
                .WaitAsync(options.Value.SubmitDeadline, time).ConfigureAwait(false);
            return stored.IsOk ? new Body(null, payload, arguments.Length) : stored.Error;
        }
        catch (TimeoutException)
        {
            // Stored or not: no job refers to it, so nothing was submitted, and the payload goes by itself.
            return new Error(ErrorCode.NotDurable, "The arguments could not be stored in time; submit the job again.");
        }
    }

    /// <summary>
    /// Waits until the job is durable. A client that goes away does not undo its submission, so its connection does not
    /// end the wait; the deadline does, and then nobody knows yet.
    /// </summary>
    private async Task<Error?> SubmitAsync(JobSubmission submission)
    {
        using var span = JobSpan.Start("submit", submission.Id, ActivityKind.Producer);
        span.Activity?.SetTag("faas.user", submission.User).SetTag("faas.function", submission.Function);
        try
        {
            var enqueued = await mediator.Send(new EnqueueJobs([submission]), CancellationToken.None)
                .WaitAsync(options.Value.SubmitDeadline, time).ConfigureAwait(false);
            return enqueued.IsOk ? enqueued.Value.Errors[0] : enqueued.Error;
        }
        catch (TimeoutException)
        {
            return new Error(
                ErrorCode.OutcomeUnknown, $"It is not known whether the job was stored; ask GET /j/{submission.Id} later.");
        }
    }

    private static Task AnswerAsync(HttpContext http, JobId id, EndedJob? end)
    {
        if (end is null)
            return Answers.Write(http, StatusCodes.Status202Accepted, id, static (json, id) =>
            {
                json.WriteString("res"u8, id.ToString());
                json.WriteNumber("status"u8, 0);
            });
        return Answers.Write(http, StatusCodes.Status200OK, (id, end), static (json, state) =>
        {
            json.WriteString("res"u8, state.id.ToString());
            json.WriteNumber("status"u8, 1);
            json.WriteString("outcome"u8, state.end.Outcome.Word());
            json.WriteString("result"u8, state.end.Text);
        });
    }
}
