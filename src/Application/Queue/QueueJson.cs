using System.Text.Json.Serialization;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Queue;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    Converters = [
        typeof(JobIdConverter), typeof(SourceHashConverter), typeof(SealConverter), typeof(MicrosecondsConverter), typeof(MillisecondsConverter),
    ])]
[JsonSerializable(typeof(EnqueueJobs))]
[JsonSerializable(typeof(EnqueuedJobs))]
[JsonSerializable(typeof(LeaseJobs))]
[JsonSerializable(typeof(LeasedJobs))]
[JsonSerializable(typeof(RenewLeases))]
[JsonSerializable(typeof(RenewedLeases))]
[JsonSerializable(typeof(CompleteJobs))]
[JsonSerializable(typeof(CompletedJobs))]
[JsonSerializable(typeof(AbandonJobs))]
[JsonSerializable(typeof(AbandonedJobs))]
[JsonSerializable(typeof(WatchLeases))]
[JsonSerializable(typeof(RevokedLeases))]
[JsonSerializable(typeof(AppendLogs))]
[JsonSerializable(typeof(AppendedLogs))]
[JsonSerializable(typeof(FollowLogs))]
[JsonSerializable(typeof(FollowedLogs))]
[JsonSerializable(typeof(CancelJob))]
[JsonSerializable(typeof(CancelledJob))]
[JsonSerializable(typeof(CancelJobs))]
[JsonSerializable(typeof(CancelledJobs))]
[JsonSerializable(typeof(WatchJobs))]
[JsonSerializable(typeof(WatchedJobs))]
[JsonSerializable(typeof(WaitJob))]
[JsonSerializable(typeof(JobProgress))]
[JsonSerializable(typeof(DescribeJob))]
[JsonSerializable(typeof(JobStanding))]
[JsonSerializable(typeof(DescribeJobs))]
[JsonSerializable(typeof(DescribedJobs))]
[JsonSerializable(typeof(ListRunning))]
[JsonSerializable(typeof(RunningJobs))]
[JsonSerializable(typeof(CloseOwner))]
[JsonSerializable(typeof(ClosedOwner))]
[JsonSerializable(typeof(AdoptPolicy))]
[JsonSerializable(typeof(AdoptedPolicy))]
[JsonSerializable(typeof(AdoptTerms))]
[JsonSerializable(typeof(AdoptedTerms))]
[JsonSerializable(typeof(CheckAdmission))]
[JsonSerializable(typeof(Admission))]
[JsonSerializable(typeof(DescribeUser))]
[JsonSerializable(typeof(Domain.Users.UserStanding))]
[JsonSerializable(typeof(GetBacklog))]
[JsonSerializable(typeof(QueueCounts))]
[JsonSerializable(typeof(RecordDecisions))]
[JsonSerializable(typeof(StoredDecisions))]
internal sealed partial class QueueJson : JsonSerializerContext;
