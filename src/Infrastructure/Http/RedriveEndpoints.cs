using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http;

/// <summary>A job again, as a new one that names it.</summary>
internal sealed class RedriveEndpoints(IMediator mediator, Redriver redriver)
{
    public void Map(IEndpointRouteBuilder app) => app.MapPost("/j/{id}/redrive", RedriveAsync).Needs(Scopes.JobsSubmit);

    /// <summary>Which version is to run: the job's own, unless the query says <c>version=current</c>.</summary>
    public static Result<bool> OnCurrent(HttpContext http) => http.Text("version") switch
    {
        "" or "own" => false,
        "current" => true,
        var text => QueryTexts.Wrong("version", text, "own or current"),
    };

    private async Task RedriveAsync(HttpContext http)
    {
        var (id, onCurrent) = (RouteNames.Job(http), OnCurrent(http));
        var wrong = id.Error ?? onCurrent.Error;
        var job = wrong is null ? await FindAsync(id.Value, http.RequestAborted).ConfigureAwait(false) : wrong;
        var redriven = job.IsOk
            ? (await redriver.RedriveAsync([job.Value], onCurrent.Value).ConfigureAwait(false))[0]
            : job.Error;
        if (!redriven.IsOk)
        {
            await Answers.Fail(http, redriven.Error).ConfigureAwait(false);
            return;
        }
        http.Response.Headers.Location = $"/j/{redriven.Value}";
        await Answers.Write(http, StatusCodes.Status200OK, (redriven.Value, id.Value), static (json, ids) =>
        {
            json.WriteString("res"u8, ids.Item1.ToString());
            json.WriteString("redriveOf"u8, ids.Item2.ToString());
        }).ConfigureAwait(false);
    }

    /// <summary>
    /// The job, if it may be redriven. One of a user that was registered anew since may not: it would run as the function of
    /// whoever has the name now.
    /// </summary>
    private async Task<Result<JobRecord>> FindAsync(JobId id, CancellationToken cancellation)
    {
        var found = await mediator.Send(new FindJob(id, JobParts.None), cancellation).ConfigureAwait(false);
        if (!found.IsOk) return found.Error;
        var job = found.Value;
        if (!job.State.IsRedrivable())
            return new Error(ErrorCode.Conflict, job.State == JobState.Succeeded
                ? $"The job {id} has succeeded; what can be redriven is what ended otherwise."
                : $"The job {id} has not ended; wait for its end, or cancel it first.");
        var owned = await mediator.Send(
            new ListJobs(new JobQuery(job.Binding.User, null, null, false, 0, 0, 0, 1, [id])), cancellation).ConfigureAwait(false);
        if (!owned.IsOk && owned.Error.Code != ErrorCode.UserNotFound) return owned.Error;
        return owned is { IsOk: true, Value.Jobs.Count: > 0 } ? job : StoreErrors.NoJob(id);
    }
}
