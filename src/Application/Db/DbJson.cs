using System.Text.Json.Serialization;
using FaaS.Application.Messaging;

namespace FaaS.Application.Db;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    Converters = [
        typeof(JobIdConverter), typeof(SourceHashConverter), typeof(SealConverter), typeof(MicrosecondsConverter), typeof(MillisecondsConverter),
    ])]
[JsonSerializable(typeof(RegisterUser))]
[JsonSerializable(typeof(DeleteUser))]
[JsonSerializable(typeof(UserRegistration))]
[JsonSerializable(typeof(GetExecutionTime))]
[JsonSerializable(typeof(ExecutionTime))]
[JsonSerializable(typeof(RegisterFunction))]
[JsonSerializable(typeof(RegisteredFunction))]
[JsonSerializable(typeof(DeleteFunction))]
[JsonSerializable(typeof(DeletedFunction))]
[JsonSerializable(typeof(GetFunction))]
[JsonSerializable(typeof(FunctionSource))]
[JsonSerializable(typeof(FindVersion))]
[JsonSerializable(typeof(CurrentVersion))]
[JsonSerializable(typeof(ListFunctions))]
[JsonSerializable(typeof(FunctionPage))]
[JsonSerializable(typeof(FindJob))]
[JsonSerializable(typeof(JobRecord))]
[JsonSerializable(typeof(CommitJobs))]
[JsonSerializable(typeof(Domain.Jobs.JobCommitted))]
[JsonSerializable(typeof(TakeEpoch))]
[JsonSerializable(typeof(Epoch))]
[JsonSerializable(typeof(LoadUnfinished))]
[JsonSerializable(typeof(UnfinishedJobs))]
[JsonSerializable(typeof(ListClosedOwners))]
[JsonSerializable(typeof(ClosedOwners))]
[JsonSerializable(typeof(ReadSource))]
[JsonSerializable(typeof(SourceText))]
[JsonSerializable(typeof(ReadArguments))]
[JsonSerializable(typeof(ArgumentBody))]
[JsonSerializable(typeof(StorePayload))]
[JsonSerializable(typeof(StoredPayload))]
[JsonSerializable(typeof(StoreDecisions))]
[JsonSerializable(typeof(StoredDecisions))]
[JsonSerializable(typeof(ListDecisions))]
[JsonSerializable(typeof(DecisionPage))]
[JsonSerializable(typeof(AddKey))]
[JsonSerializable(typeof(KeyRecord))]
[JsonSerializable(typeof(FindKey))]
[JsonSerializable(typeof(ListKeys))]
[JsonSerializable(typeof(UserKeys))]
[JsonSerializable(typeof(RevokeKey))]
[JsonSerializable(typeof(RevokedKey))]
[JsonSerializable(typeof(SetQuotas))]
[JsonSerializable(typeof(GrantedQuotas))]
[JsonSerializable(typeof(GetQuotas))]
[JsonSerializable(typeof(UserQuotas))]
[JsonSerializable(typeof(ListTerms))]
[JsonSerializable(typeof(TermsPage))]
[JsonSerializable(typeof(ListAudit))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(RecordRefusals))]
[JsonSerializable(typeof(RecordedRefusals))]
[JsonSerializable(typeof(NoteKeyUses))]
[JsonSerializable(typeof(NotedKeyUses))]
internal sealed partial class DbJson : JsonSerializerContext;
