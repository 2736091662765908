using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Tests.Http;

/// <summary>Jobs as Db and the queue tell of them.</summary>
internal static class Records
{
    public const string IdText = "6b056a409afce1c4f0623827";

    /// <summary>2026-11-24T10:00:00.000Z.</summary>
    public const long NoonMs = 1_795_514_400_000;

    public static JobId Id { get; } = JobId.Parse(IdText);

    public static FunctionBinding Binding { get; } =
        new(1, 2, 3, "ann", "add", 4, SourceHash.Of("() => 1"u8), FunctionLimits.Default);

    public static JobRecord Waiting { get; } = new(
        Id, 1, Binding, JobState.Queued, null, default, NoonMs, 0, 0, 0, default, ResultKind.None, null, null, null, null);

    public static JobRecord Ended(
        Outcome outcome, ResultKind kind = ResultKind.None, string? value = null, FunctionError? error = null) => new(
        Id, 1, Binding, outcome.TerminalState(), outcome, new AttemptCounts(1, 0, 0), NoonMs, 0, NoonMs + 5, NoonMs + 12,
        Usage, kind, value is null ? null : Encoding.UTF8.GetBytes(value), error, null, null);

    public static JobProgress Progress(Outcome outcome, Body value, FunctionError? error = null) => new(true, new JobEnd(
        Id, outcome.TerminalState(), new AttemptCounts(1, 0, 0),
        new AttemptEnd(outcome, ResultKind.Json, value, error, Body.Empty, Usage), NoonMs, NoonMs + 7));

    public static ResourceUsage Usage { get; } =
        new(TimeSpan.FromMicroseconds(7_250), TimeSpan.FromMicroseconds(3_125), TimeSpan.FromMicroseconds(500));

    /// <summary>A platform on which every function exists and every submission is durable.</summary>
    public static FakePlatform Accepting() => new FakePlatform()
        .On((FindVersion _) => new CurrentVersion(1))
        .On((CheckAdmission _) => new Admission(null))
        .On((EnqueueJobs request) => Result<EnqueuedJobs>.Ok(new EnqueuedJobs(new Error?[request.Jobs.Count])))
        .On((StorePayload request) => Result<StoredPayload>.Ok(new StoredPayload(request.Id)));

    /// <summary>A platform with one job.</summary>
    public static FakePlatform With(JobRecord record) =>
        new FakePlatform().On((FindJob _) => Result<JobRecord>.Ok(record));
}
