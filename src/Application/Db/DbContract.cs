using FaaS.Application.Messaging;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Db;

/// <summary>What the db module answers: the only way to the store.</summary>
public static class DbContract
{
    private const Repeats Again = Repeats.ByTransport;
    private const Repeats Asks = Repeats.ByCaller;

    private static readonly TimeSpan Read = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Write = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Load = TimeSpan.FromSeconds(30);

    /// <summary>The contract.</summary>
    public static RequestContract Contract { get; } = new("db",
    [
        // Opening a generation twice would close the first one: never sent again by itself.
        new ContractRow<RegisterUser, UserRegistration>("db.register-user/2", Write, Repeats.IfNotExecuted, Roles.Frontend, DbJson.Default),
        new ContractRow<DeleteUser, UserRegistration>("db.delete-user/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<GetExecutionTime, ExecutionTime>("db.get-execution-time/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<RegisterFunction, RegisteredFunction>("db.register-function/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<DeleteFunction, DeletedFunction>("db.delete-function/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<GetFunction, FunctionSource>("db.get-function/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<FindVersion, CurrentVersion>("db.find-version/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<ListVersions, VersionPage>("db.list-versions/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<GetVersion, VersionSource>("db.get-version/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<RollbackFunction, RegisteredFunction>("db.rollback-function/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<ListFunctions, FunctionPage>("db.list-functions/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<FindJob, JobRecord>("db.find-job/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<ListJobs, JobPage>("db.list-jobs/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<SearchLogs, FoundLines>("db.search-logs/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<FindArguments, FoundArguments>("db.find-arguments/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<CommitJobs, JobCommitted>("db.commit-jobs/1", Write, Asks, Roles.Queue, DbJson.Default),
        // Taking it twice skips a number, which costs nothing.
        new ContractRow<TakeEpoch, Epoch>("db.take-epoch/1", Write, Asks, Roles.Queue, DbJson.Default),
        new ContractRow<LoadUnfinished, UnfinishedJobs>("db.load-unfinished/1", Load, Asks, Roles.Queue, DbJson.Default),
        new ContractRow<ListClosedOwners, ClosedOwners>("db.list-closed-owners/1", Load, Asks, Roles.Queue, DbJson.Default),
        new ContractRow<ReadSource, SourceText>("db.read-source/1", Read, Again, Roles.Worker, DbJson.Default),
        new ContractRow<ReadArguments, ArgumentBody>("db.read-arguments/1", Read, Again, Roles.Worker, DbJson.Default),
        new ContractRow<ReadEnvironment, FunctionEnvironment>("db.read-environment/1", Read, Again, Roles.Worker, DbJson.Default),
        new ContractRow<StorePayload, StoredPayload>("db.store-payload/1", Write, Again,
            Roles.Frontend | Roles.Worker, DbJson.Default),
        // The scaler is who sends it again, through the queue.
        new ContractRow<StoreDecisions, StoredDecisions>("db.store-decisions/1", Write, Asks, Roles.Queue, DbJson.Default),
        new ContractRow<ListDecisions, DecisionPage>("db.list-decisions/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<AddKey, KeyRecord>("db.add-key/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<FindKey, KeyRecord>("db.find-key/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<ListKeys, UserKeys>("db.list-keys/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<RevokeKey, RevokedKey>("db.revoke-key/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<SetQuotas, GrantedQuotas>("db.set-quotas/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<GetQuotas, UserQuotas>("db.get-quotas/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<ListUsage, UsagePage>("db.list-usage/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<PutConfig, ConfigState>("db.put-config/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<GetConfig, ConfigState>("db.get-config/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<PutSchedule, Schedule>("db.put-schedule/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<GetSchedule, FoundSchedule>("db.get-schedule/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<DeleteSchedule, DeletedSchedule>("db.delete-schedule/1", Write, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<ListSchedules, SchedulePage>("db.list-schedules/1", Read, Again, Roles.Frontend, DbJson.Default),
        // The queue asks again by itself, in a second.
        new ContractRow<ListDueRuns, DueRuns>("db.list-due-runs/1", Load, Asks, Roles.Queue, DbJson.Default),
        new ContractRow<NoteRuns, NotedRuns>("db.note-runs/1", Write, Asks, Roles.Queue, DbJson.Default),
        new ContractRow<ListTerms, TermsPage>("db.list-terms/1", Load, Asks, Roles.Queue, DbJson.Default),
        new ContractRow<ListAudit, AuditPage>("db.list-audit/1", Read, Again, Roles.Frontend, DbJson.Default),
        new ContractRow<RecordRefusals, RecordedRefusals>("db.record-refusals/1", Write, Asks, Roles.Frontend, DbJson.Default),
        new ContractRow<NoteKeyUses, NotedKeyUses>("db.note-key-uses/1", Write, Asks, Roles.Frontend, DbJson.Default),
    ]);
}
