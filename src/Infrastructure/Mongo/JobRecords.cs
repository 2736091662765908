using FaaS.Application.Db;
using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Reading one job's record: the document in one read and so in one state, then the stored bodies it refers to. Should
/// the job be deleted in between, it is not found.
/// </summary>
internal static class JobRecords
{
    public static async Task<JobRecord?> FindAsync(
        MongoStore store, JobId id, JobParts parts, long nowMs, CancellationToken cancellation)
    {
        var (withResult, withLogs) = (parts.HasFlag(JobParts.Result), parts.HasFlag(JobParts.Logs));
        var job = await ReadAsync(store, id, withResult, withLogs, cancellation).ConfigureAwait(false);
        if (job is null) return null;
        var wanted = new List<ObjectId>();
        if (withResult && job.Reference(JobDocument.ValueRef) is { } value) wanted.Add(value);
        if (withLogs && job.Reference(JobDocument.LogsRef) is { } logs) wanted.Add(logs);
        var payloads = wanted.Count == 0 ? [] : await store.Payloads.ReadAsync(wanted).ConfigureAwait(false);
        if (payloads.Count < wanted.Distinct().Count()
            && await ReadAsync(store, id, false, false, cancellation).ConfigureAwait(false) is null) return null;
        var version = job.Long(JobDocument.Version);
        var versions = await store.Bindings.LoadVersionsAsync([version]).ConfigureAwait(false);
        return Record(job, id, versions(version), payloads, withResult, withLogs, nowMs);
    }

    public static AttemptCounts Counts(BsonDocument job) =>
        new(job.Int(JobDocument.Tries), job.Int(JobDocument.Crashes), job.Int(JobDocument.Losses));

    private static async Task<BsonDocument?> ReadAsync(
        MongoStore store, JobId id, bool withResult, bool withLogs, CancellationToken cancellation)
    {
        var projection = new BsonDocument(JobDocument.Arguments, 0);
        if (!withResult) projection.AddRange(new BsonDocument { [JobDocument.Value] = 0, [JobDocument.Error] = 0 });
        if (!withLogs) projection[JobDocument.Logs] = 0;
        var job = await store.Schema.Jobs.Find(Documents.ById(Ids.Of(id))).Project<BsonDocument>(projection)
            .FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
        return job is null || job.Flag(JobDocument.Hidden) ? null : job;
    }

    /// <summary>A job as its document says it, with the stored bodies that were read for it.</summary>
    public static JobRecord Record(
        BsonDocument job, JobId id, FunctionBinding binding, Dictionary<ObjectId, byte[]> payloads, bool withResult,
        bool withLogs, long nowMs)
    {
        var ended = job.Long(JobDocument.Ended) != 0;
        var waiting = job.Long(JobDocument.Due) > nowMs ? JobState.Delayed : JobState.Queued;
        var kind = (ResultKind)job.Int(JobDocument.Kind);
        // An empty text is a result too, though nothing was stored for it.
        var value = Body(job, JobDocument.Value, JobDocument.ValueRef, payloads)
            ?? (kind == ResultKind.None ? null : []);
        return new JobRecord(
            id, job.Long(JobDocument.Sequence), binding, ended ? (JobState)job.Int(JobDocument.State) : waiting,
            ended ? (Outcome)job.Int(JobDocument.Outcome) : null, Counts(job), job.Long(JobDocument.Submitted),
            job.Long(JobDocument.Due), job.Long(JobDocument.Started), job.Long(JobDocument.Ended),
            new ResourceUsage(
                Documents.Span(job.Long(JobDocument.Wall)), Documents.Span(job.Long(JobDocument.Cpu)),
                Documents.Span(job.Long(JobDocument.Cold))),
            kind, withResult ? value : null, withResult ? Error(job) : null,
            withLogs ? Body(job, JobDocument.Logs, JobDocument.LogsRef, payloads) : null,
            job.Reference(JobDocument.RedriveOf) is { } redriven ? Ids.Job(redriven) : null);
    }

    private static byte[]? Body(
        BsonDocument job, string inline, string reference, Dictionary<ObjectId, byte[]> payloads) =>
        job.Reference(reference) is { } payload ? payloads.GetValueOrDefault(payload) : job.Bytes(inline);

    private static FunctionError? Error(BsonDocument job) =>
        job.TryGetValue(JobDocument.Error, out var value) && value is BsonDocument error
            ? new FunctionError(error.Text("name") ?? "", error.Text("message") ?? "", error.Text("stack"))
            : null;
}
