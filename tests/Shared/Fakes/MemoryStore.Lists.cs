using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Fakes;

/// <content>Lists of jobs.</content>
public sealed partial class MemoryStore : IJobLists
{
    public Task<Result<JobPage>> ListAsync(JobQuery query, CancellationToken cancellation) => AnswerAsync<JobPage>(() =>
    {
        if (!_users.TryGetValue(query.User, out var generation)) return NoUser(query.User);
        JobRecord[] fitting =
        [
            .. _jobs.Values.Where(job => !job.Hidden && job.Binding.Generation == generation)
                .Select(job => job.ToRecord(JobParts.Result) with { Value = null })
                .Where(job => Fits(query, job)).OrderByDescending(job => job.Sequence).Take(query.Max + 1),
        ];
        return fitting.Length > query.Max
            ? new JobPage(fitting[..query.Max], fitting[query.Max - 1].Sequence)
            : new JobPage(fitting, 0);
    });

    public Task<Result<LoggedJobs>> ReadLogsAsync(JobQuery query, int maxBytes, CancellationToken cancellation) =>
        AnswerAsync<LoggedJobs>(() =>
        {
            if (!_users.TryGetValue(query.User, out var generation)) return NoUser(query.User);
            JobRecord[] fitting =
            [
                .. _jobs.Values.Where(job => !job.Hidden && job.Binding.Generation == generation && job.End is not null)
                    .Select(job => job.ToRecord(JobParts.Logs)).Where(job => job.Logs is { Length: > 0 } && Fits(query, job))
                    .OrderByDescending(job => job.Sequence).Take(query.Max + 1),
            ];
            LoggedJob[] page = [.. fitting.Take(query.Max).Select(job => new LoggedJob(job with { Logs = null }, job.Logs!))];
            return new LoggedJobs(page, fitting.Length > query.Max ? page[^1].Job.Sequence : 0);
        });

    private static bool Fits(JobQuery query, JobRecord job) =>
        (query.Function is null || job.Binding.Function == query.Function)
        && (query.State is null || job.State == query.State) && (!query.Unfinished || !job.State.IsTerminal())
        && job.SubmittedAtMs >= query.FromMs && (query.ToMs == 0 || job.SubmittedAtMs < query.ToMs)
        && (query.Before == 0 || job.Sequence < query.Before) && (query.Ids is null || query.Ids.Contains(job.Id));
}
