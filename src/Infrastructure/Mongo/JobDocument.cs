using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// The fields of a job's document. Times are Unix milliseconds, amounts of time microseconds, states and outcomes the
/// Domain's numbers. Bodies up to 16 KiB stand in it, larger ones are referred to.
/// </summary>
internal static class JobDocument
{
    public const string Sequence = "seq", Version = "version", Generation = "gen", Function = "fn",
        Submitted = "submitted", Due = "due", Expires = "expires", RedriveOf = "redriveOf", Tries = "tries",
        Crashes = "crashes", Losses = "losses", Ended = "ended", Settled = "settled", Hidden = "hidden",
        State = "state", Outcome = "outcome", Kind = "kind", Error = "error", Started = "started", Wall = "wall",
        Cpu = "cpu", Cold = "cold", Bills = "bills", Arguments = "args", ArgumentsRef = "argsRef", Value = "value",
        ValueRef = "valueRef", Logs = "logs", LogsRef = "logsRef", Key = "key", Print = "print";

    /// <summary>
    /// Lengths of what is kept: the arguments and the end's bodies that stand in the document, and once it is settled
    /// those that it refers to. So they are summed without reading a body.
    /// </summary>
    public const string ArgumentBytes = "argsBytes", EndBytes = "endBytes", StoredBytes = "refBytes";

    /// <summary>All but the bodies: what most reads want.</summary>
    public static ProjectionDefinition<BsonDocument> WithoutBodies { get; } =
        new BsonDocument { [Arguments] = 0, [Value] = 0, [Logs] = 0, [Error] = 0 };

    /// <summary>A job that is submitted. One with a stored body is unsettled until the body knows of it.</summary>
    public static BsonDocument Of(NewJob job, FunctionBinding binding)
    {
        var submission = job.Submission;
        var document = new BsonDocument
        {
            ["_id"] = Ids.Of(submission.Id), [Sequence] = job.Sequence, [Version] = binding.VersionId,
            [Generation] = binding.Generation, [Function] = binding.FunctionId,
            [Submitted] = submission.SubmittedAtMs, [Due] = submission.DueAtMs, [Expires] = submission.ExpiresAtMs,
            [Tries] = 0, [Crashes] = 0, [Losses] = 0, [Ended] = 0L, [Hidden] = false,
            [Settled] = submission.Arguments.Stored is null,
        };
        if (submission.Idempotency is { } key) (document[Key], document[Print]) = (key.Key, IdempotencyKeys.Bytes(key.Print));
        if (submission.RedriveOf is { } redriven) document[RedriveOf] = Ids.Of(redriven);
        if (Documents.Stored(submission.Arguments) is { } payload) document[ArgumentsRef] = payload;
        else document[Arguments] = submission.Arguments.Inline ?? [];
        document[ArgumentBytes] = InlineBytes(submission.Arguments);
        return document;
    }

    /// <summary>
    /// An end, guarded by the job not having ended. Everything that follows from it (the bill, the claim of a stored
    /// body) can be redone from what this one update wrote.
    /// </summary>
    public static UpdateOneModel<BsonDocument> Update(JobEnd end)
    {
        var result = end.End;
        var set = new BsonDocument
        {
            [State] = (int)end.State, [Outcome] = (int)result.Outcome, [Tries] = end.Counts.Ended,
            [Crashes] = end.Counts.Crashes, [Losses] = end.Counts.Losses, [Ended] = end.EndedAtMs,
            [Kind] = (int)result.Kind,
        };
        if (result.Error is { } error) set[Error] = Of(error);
        AddBody(set, result.Value, Value, ValueRef);
        AddBody(set, result.Logs, Logs, LogsRef);
        set[EndBytes] = InlineBytes(result.Value) + InlineBytes(result.Logs);
        // Of a job that ends without another attempt, the last attempt's times and usage stay.
        if (end.IsBilled) AddUsage(set, end.StartedAtMs, result.Usage);
        if (end.IsBilled || set.Contains(ValueRef) || set.Contains(LogsRef)) set[Settled] = false;
        var update = new BsonDocument("$set", set);
        if (end.IsBilled)
            update["$push"] = new BsonDocument(
                Bills, Bill(end.Counts.Ended, end.StartedAtMs, end.EndedAtMs, null, result.Usage));
        return new UpdateOneModel<BsonDocument>(new BsonDocument { ["_id"] = Ids.Of(end.Id), [Ended] = 0L }, update);
    }

    /// <summary>
    /// A retry, guarded by the attempt being a later one. The due time it overwrites is the one its bill is made from,
    /// so the time it was queued is worked out before.
    /// </summary>
    public static UpdateOneModel<BsonDocument> Update(JobRetry retry, long queuedUs)
    {
        var set = new BsonDocument
        {
            [Tries] = retry.Counts.Ended, [Crashes] = retry.Counts.Crashes, [Losses] = retry.Counts.Losses,
            [Due] = retry.DueAtMs,
        };
        AddUsage(set, retry.StartedAtMs, retry.Usage ?? default);
        var update = new BsonDocument("$set", set);
        if (retry.Usage is { } usage)
        {
            set[Settled] = false;
            update["$push"] = new BsonDocument(
                Bills, Bill(retry.Counts.Ended, retry.StartedAtMs, retry.EndedAtMs, queuedUs, usage));
        }
        return new UpdateOneModel<BsonDocument>(
            new BsonDocument
            {
                ["_id"] = Ids.Of(retry.Id), [Ended] = 0L, [Tries] = new BsonDocument("$lt", retry.Counts.Ended),
            },
            update);
    }

    /// <summary>How long the attempt that began then had waited.</summary>
    public static long QueuedUs(BsonDocument job, long startedAtMs) =>
        Math.Max(0, startedAtMs - Math.Max(job.Long(Submitted), job.Long(Due))) * 1000;

    /// <summary>The stored bodies it refers to.</summary>
    public static IEnumerable<ObjectId> References(BsonDocument job) =>
        new[] { ArgumentsRef, ValueRef, LogsRef }.Select(job.Reference).OfType<ObjectId>();

    private static BsonDocument Bill(int attempt, long startedMs, long endedMs, long? queuedUs, ResourceUsage usage)
    {
        var bill = new BsonDocument { ["n"] = attempt, [Ended] = endedMs };
        AddUsage(bill, startedMs, usage);
        if (queuedUs is { } known) bill["queued"] = known;
        return bill;
    }

    private static void AddUsage(BsonDocument document, long startedMs, ResourceUsage usage)
    {
        document[Started] = startedMs;
        document[Wall] = Documents.Us(usage.Wall);
        document[Cpu] = Documents.Us(usage.Cpu);
        document[Cold] = Documents.Us(usage.ColdStart);
    }

    private static long InlineBytes(Body body) => body.Stored is null ? body.Inline?.Length ?? 0 : 0;

    private static void AddBody(BsonDocument set, Body body, string inline, string reference)
    {
        if (Documents.Stored(body) is { } payload) set[reference] = payload;
        else if (!body.IsEmpty) set[inline] = body.Inline;
    }

    private static BsonDocument Of(FunctionError error)
    {
        var document = new BsonDocument { ["name"] = error.Name, ["message"] = error.Message };
        if (error.Stack is { } stack) document["stack"] = stack;
        return document;
    }
}
