using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue.Remote;
using FaaS.Domain.Jobs;
using FaaS.Domain.Users;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Queue;

/// <summary>What the queue module answers: the whole of a job's life.</summary>
public static class QueueContract
{
    private const Repeats Again = Repeats.ByTransport;
    private const Repeats Asks = Repeats.ByCaller;

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Durable = TimeSpan.FromSeconds(15);

    /// <summary>The contract.</summary>
    public static RequestContract Contract { get; } = new("queue",
    [
        new ContractRow<EnqueueJobs, EnqueuedJobs>("queue.enqueue-jobs/1", Durable, Again, Roles.Frontend, QueueJson.Default,
            (services, plain) => new SubmissionMerger(plain, Durable, services.GetRequiredService<TimeProvider>())),
        // A grant that got lost is found by the next request, which does not list it; sending it again is safe.
        new ContractRow<LeaseJobs, LeasedJobs>("queue.lease-jobs/1", Short, Asks, Roles.Worker, QueueJson.Default),
        new ContractRow<RenewLeases, RenewedLeases>("queue.renew-leases/1", Short, Asks, Roles.Worker, QueueJson.Default),
        new ContractRow<CompleteJobs, CompletedJobs>("queue.complete-jobs/1", Durable, Asks, Roles.Worker, QueueJson.Default),
        new ContractRow<AbandonJobs, AbandonedJobs>("queue.abandon-jobs/1", Short, Asks, Roles.Worker, QueueJson.Default),
        new ContractRow<WatchLeases, RevokedLeases>("queue.watch-leases/1", Short, Asks, Roles.Worker, QueueJson.Default),
        // Not sent again: where one was lost the lines come with the end of the run.
        new ContractRow<AppendLogs, AppendedLogs>("queue.append-logs/1", Short, Asks, Roles.Worker, QueueJson.Default),
        new ContractRow<FollowLogs, FollowedLogs>("queue.follow-logs/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<CancelJob, CancelledJob>("queue.cancel-job/1", Durable, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<CancelJobs, CancelledJobs>("queue.cancel-jobs/1", Durable, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<WaitJob, JobProgress>("queue.wait-job/1", Short, Again, Roles.Frontend, QueueJson.Default,
            (services, plain) => new JobWatcher(
                services.GetRequiredService<IMediator>, plain, services.GetRequiredService<TimeProvider>())),
        new ContractRow<WatchJobs, WatchedJobs>("queue.watch-jobs/1", Short, Asks, Roles.Frontend, QueueJson.Default),
        new ContractRow<DescribeJob, JobStanding>("queue.describe-job/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<DescribeJobs, DescribedJobs>("queue.describe-jobs/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<ListRunning, RunningJobs>("queue.list-running/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<CloseOwner, ClosedOwner>("queue.close-owner/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<AdoptPolicy, AdoptedPolicy>("queue.adopt-policy/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<AdoptTerms, AdoptedTerms>("queue.adopt-terms/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<CheckAdmission, Admission>("queue.check-admission/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<DescribeUser, UserStanding>("queue.describe-user/1", Short, Again, Roles.Frontend, QueueJson.Default),
        new ContractRow<GetBacklog, QueueCounts>("queue.get-backlog/1", Short, Again,
            Roles.Frontend | Roles.Worker | Roles.Scaler, QueueJson.Default),
        new ContractRow<RecordDecisions, StoredDecisions>("queue.record-decisions/1", Durable, Asks, Roles.Scaler, QueueJson.Default),
    ]);
}
