using System.Diagnostics;
using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Application.Telemetry;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Http;

/// <summary>
/// Submits jobs again, with the arguments they had: read from the store, for nothing else has them. Each is a submission like
/// any other, with its user's quotas. A new job's id follows from the old one's and the version, so whatever is repeated,
/// after a crash or a lost answer, runs once.
/// </summary>
internal sealed class Redriver(IMediator mediator, IOptions<HttpOptions> options, TimeProvider time)
{
    private const int BatchBytes = 512 << 10;

    /// <summary>Redrives jobs of one user that have ended.</summary>
    /// <param name="jobs">At most <see cref="JobLists.PageMax"/>.</param>
    /// <param name="onCurrent">Whether they run their functions' current versions instead of their own.</param>
    /// <returns>
    /// What became of the first of them, one at least, in their order: the new job's id, or why there is none. It ends with the
    /// first that was refused for a reason that would hold for all.
    /// </returns>
    public async Task<IReadOnlyList<Result<JobId>>> RedriveAsync(IReadOnlyList<JobRecord> jobs, bool onCurrent)
    {
        var done = new List<Result<JobId>>(jobs.Count);
        try
        {
            var current = onCurrent ? await FindVersionsAsync(jobs).ConfigureAwait(false) : [];
            while (done.Count < jobs.Count)
            {
                JobRecord[] left = [.. jobs.Skip(done.Count)];
                var bodies = await InTime(new FindArguments([.. left.Select(job => job.Id)])).ConfigureAwait(false);
                if (!bodies.IsOk)
                {
                    done.Add(bodies.Error);
                    return done;
                }
                var batch = await PackAsync(left, bodies.Value.Bodies, current, onCurrent).ConfigureAwait(false);
                await SubmitAsync(batch, done).ConfigureAwait(false);
                if (done.Count > 0 && done[^1] is { IsOk: false } last && StopsAll(last.Error)) return done;
            }
        }
        catch (TimeoutException)
        {
            done.Add(new Error(ErrorCode.OutcomeUnknown, "It is not known whether the job was redriven; send the same request again.", 1));
        }
        return done;
    }

    /// <summary>Whether what is refused so is refused for something that is not of this one job or function.</summary>
    public static bool StopsAll(Error error) => error.Code is not
        (ErrorCode.Conflict or ErrorCode.FunctionNotFound or ErrorCode.VersionNotFound or ErrorCode.JobNotFound);

    private async Task<Dictionary<string, Result<CurrentVersion>>> FindVersionsAsync(IReadOnlyList<JobRecord> jobs)
    {
        var found = new Dictionary<string, Result<CurrentVersion>>();
        foreach (var binding in jobs.Select(job => job.Binding).DistinctBy(binding => binding.Function))
            found.Add(binding.Function, await InTime(new FindVersion(binding.User, binding.Function)).ConfigureAwait(false));
        return found;
    }

    /// <summary>As many submissions as go into one message; each of those that cannot be has its reason in its place.</summary>
    private async Task<List<Result<JobSubmission>>> PackAsync(
        JobRecord[] jobs, IReadOnlyList<byte[]?> bodies, Dictionary<string, Result<CurrentVersion>> current, bool onCurrent)
    {
        var batch = new List<Result<JobSubmission>>();
        for (var (at, bytes) = (0, 0); at < bodies.Count && bytes < BatchBytes; at++)
        {
            var (job, version) = (jobs[at], onCurrent ? current[jobs[at].Binding.Function] : new CurrentVersion(jobs[at].Binding.Version));
            if (!version.IsOk)
            {
                batch.Add(version.Error);
                continue;
            }
            if (bodies[at] is not { } arguments)
            {
                batch.Add(new Error(ErrorCode.Conflict, $"The arguments of the job {job.Id} are gone; submit it anew."));
                continue;
            }
            var id = Redrives.IdOf(job.Id, version.Value.Version);
            var packed = await PackAsync(job.Binding.User, id, arguments).ConfigureAwait(false);
            batch.Add(packed.IsOk
                ? new JobSubmission(
                    id, job.Binding.User, job.Binding.Function, packed.Value, time.GetUtcNow().ToUnixTimeMilliseconds(),
                    RedriveOf: job.Id, VersionId: onCurrent ? null : job.Binding.VersionId)
                : packed.Error);
            if (!packed.IsOk && StopsAll(packed.Error)) return batch;
            bytes += packed.IsOk ? packed.Value.InlineLength : 0;
        }
        return batch;
    }

    /// <summary>
    /// Large arguments are stored first, under an id that follows from the job's: when it is repeated nothing is stored twice.
    /// </summary>
    private async Task<Result<Body>> PackAsync(string user, JobId id, byte[] arguments)
    {
        if (arguments.Length <= Body.InlineLimit) return Body.Of(arguments);
        var admission = await InTime(new CheckAdmission(user, arguments.Length)).ConfigureAwait(false);
        if ((admission.Error ?? admission.Value.Refusal) is { } refusal) return refusal;
        var payload = new Guid(SHA256.HashData(id.ToBytes()).AsSpan(0, 16));
        var stored = await InTime(new StorePayload(payload, arguments)).ConfigureAwait(false);
        return stored.IsOk ? new Body(null, payload, arguments.Length) : stored.Error;
    }

    private async Task SubmitAsync(List<Result<JobSubmission>> batch, List<Result<JobId>> done)
    {
        JobSubmission[] jobs = [.. batch.Where(row => row.IsOk).Select(row => row.Value)];
        IReadOnlyList<Error?> errors = [];
        if (jobs.Length > 0)
        {
            // Each has a trace of its own; nothing of it is to be seen while nobody listens.
            foreach (var job in jobs)
            {
                using var span = JobSpan.Start("submit", job.Id, ActivityKind.Producer);
                span.Activity?.SetTag("faas.user", job.User).SetTag("faas.function", job.Function);
            }
            var answer = await InTime(new EnqueueJobs(jobs)).ConfigureAwait(false);
            errors = answer.IsOk ? answer.Value.Errors : Enumerable.Repeat<Error?>(answer.Error, jobs.Length).ToArray();
        }
        var at = 0;
        foreach (var row in batch)
        {
            var error = row.IsOk ? errors[at] : row.Error;
            done.Add(error is null ? row.Value.Id : error);
            if (row.IsOk) at++;
            if (error is not null && StopsAll(error)) return;
        }
    }

    /// <summary>A client that goes away does not undo what it asked for; the deadline ends the wait.</summary>
    private Task<Result<T>> InTime<T>(IRequest<Result<T>> request) =>
        mediator.Send(request, CancellationToken.None).WaitAsync(options.Value.SubmitDeadline, time);
}
