using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Lists of jobs in MongoDB. Each names the index it is read from, backwards, so that the server neither chooses another one
/// nor passes over a collection: where the stretch that may be looked at for one page ends is read from the index alone,
/// then what fits of it.
/// </summary>
internal sealed class MongoJobLists(MongoStore store, TimeProvider time) : IJobLists
{
    private static readonly BsonDocument NewestFirst = new(JobDocument.Sequence, -1);

    private static readonly BsonDocument PlaceOnly = new() { [JobDocument.Sequence] = 1, ["_id"] = 0 };

    private static readonly BsonDocument WithoutBodies = new()
    {
        [JobDocument.Arguments] = 0, [JobDocument.Value] = 0, [JobDocument.Logs] = 0,
    };

    private static readonly BsonDocument WithLogs = new()
    {
        [JobDocument.Arguments] = 0, [JobDocument.Value] = 0, [JobDocument.Error] = 0,
    };

    /// <summary>Jobs that are read at once with their logs: of what is large no more than is wanted.</summary>
    private const int LogsStep = 32;

    private Schema Schema => store.Schema;

    public Task<Result<JobPage>> ListAsync(JobQuery query, CancellationToken cancellation) =>
        ReadAsync<JobPage>(query, async (generation, function, nowMs) => query.Ids is null
            ? await ReadPageAsync(query, generation, function, nowMs, cancellation).ConfigureAwait(false)
            : new JobPage(await ReadByIdsAsync(query, generation, function, nowMs).ConfigureAwait(false), 0), cancellation);

    public Task<Result<LoggedJobs>> ReadLogsAsync(JobQuery query, int maxBytes, CancellationToken cancellation) =>
        ReadAsync<LoggedJobs>(query, async (generation, function, nowMs) =>
        {
            var (index, range) = query.Ids is null
                ? Range(query, generation, function)
                : (null, new BsonDocument { ["_id"] = new BsonDocument("$in", new BsonArray(query.Ids.Select(Ids.Of))), [JobDocument.Generation] = generation });
            var filter = new BsonDocument(range);
            long first = 0;
            if (index is not null)
            {
                var before = await BeforeAsync(query, cancellation).ConfigureAwait(false);
                first = await FloorAsync(index, range, before, cancellation).ConfigureAwait(false);
                filter[JobDocument.Sequence] = Between(first, before);
            }
            AddRest(filter, query, function, nowMs);
            filter["$or"] = new BsonArray { Exists(JobDocument.Logs), Exists(JobDocument.LogsRef) };
            var (page, more) = await ReadLogsAsync(filter, index, query.Max, maxBytes, nowMs, cancellation).ConfigureAwait(false);
            if (more) return new LoggedJobs(page, page[^1].Job.Sequence);
            var isOver = await IsTooOldAsync(first, query.FromMs, cancellation).ConfigureAwait(false);
            return new LoggedJobs(page, isOver ? 0 : first);
        }, cancellation);

    private async Task<(List<LoggedJob> Page, bool More)> ReadLogsAsync(
        BsonDocument filter, BsonDocument? index, int max, int maxBytes, long nowMs, CancellationToken cancellation)
    {
        var (page, bytes) = (new List<LoggedJob>(), 0);
        using var cursor = await Schema.Jobs.Find(filter, new FindOptions { Hint = index, BatchSize = LogsStep })
            .Sort(NewestFirst).Limit(max + 1).Project<BsonDocument>(WithLogs).ToCursorAsync(cancellation).ConfigureAwait(false);
        while (await cursor.MoveNextAsync(cancellation).ConfigureAwait(false))
        {
            List<BsonDocument> jobs = [.. cursor.Current];
            var stored = await store.Payloads
                .ReadAsync([.. jobs.Select(job => job.Reference(JobDocument.LogsRef)).OfType<ObjectId>()]).ConfigureAwait(false);
            var records = await RecordsAsync(jobs, nowMs).ConfigureAwait(false);
            for (var at = 0; at < jobs.Count; at++)
            {
                if (page.Count == max || bytes >= maxBytes) return (page, true);
                var logs = jobs[at].Reference(JobDocument.LogsRef) is { } payload
                    ? stored.GetValueOrDefault(payload)
                    : jobs[at].Bytes(JobDocument.Logs);
                // It was deleted in between.
                if (logs is null) continue;
                page.Add(new LoggedJob(records[at] with { Error = null }, logs));
                bytes += logs.Length;
            }
        }
        return (page, false);
    }

    private static BsonDocument Exists(string field) => new(field, new BsonDocument("$exists", true));

    private Task<Result<T>> ReadAsync<T>(
        JobQuery query, Func<long, long, long, Task<Result<T>>> read, CancellationToken cancellation) =>
        store.ReadAsync<T>(async () =>
        {
            var generation = await store.Bindings.ReadOpenAsync(query.User).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(query.User);
            long function = 0;
            if (query.Function is not null)
            {
                var found = await Schema.Functions.Find(Documents.ById(Ids.Function(generation, query.Function)))
                    .FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
                if (found is null) return StoreErrors.NoFunction(query.User, query.Function);
                function = found.Long("fn");
            }
            return await read(generation, function, time.GetUtcNow().ToUnixTimeMilliseconds()).ConfigureAwait(false);
        });

    private async Task<JobPage> ReadPageAsync(
        JobQuery query, long generation, long function, long nowMs, CancellationToken cancellation)
    {
        var (index, range) = Range(query, generation, function);
        var before = await BeforeAsync(query, cancellation).ConfigureAwait(false);
        var first = await FloorAsync(index, range, before, cancellation).ConfigureAwait(false);
        var filter = new BsonDocument(range) { [JobDocument.Sequence] = Between(first, before) };
        AddRest(filter, query, function, nowMs);
        var jobs = await Schema.Jobs.Find(filter, new FindOptions { Hint = index, BatchSize = query.Max + 1 })
            .Sort(NewestFirst).Limit(query.Max + 1).Project<BsonDocument>(WithoutBodies).ToListAsync(cancellation)
            .ConfigureAwait(false);
        if (jobs.Count <= query.Max)
            return new JobPage(
                await RecordsAsync(jobs, nowMs).ConfigureAwait(false),
                await IsTooOldAsync(first, query.FromMs, cancellation).ConfigureAwait(false) ? 0 : first);
        jobs.RemoveAt(query.Max);
        return new JobPage(await RecordsAsync(jobs, nowMs).ConfigureAwait(false), jobs[^1].Long(JobDocument.Sequence));
    }

    private async Task<IReadOnlyList<JobRecord>> ReadByIdsAsync(JobQuery query, long generation, long function, long nowMs)
    {
        var jobs = await Schema.Jobs.FindAllAsync([.. query.Ids!.Select(Ids.Of).Distinct()], WithoutBodies).ConfigureAwait(false);
        jobs.RemoveAll(job => job.Flag(JobDocument.Hidden) || job.Long(JobDocument.Generation) != generation
            || (function != 0 && job.Long(JobDocument.Function) != function));
        var records = await RecordsAsync(jobs, nowMs).ConfigureAwait(false);
        return [.. records.Where(job => Fits(query, job)).OrderByDescending(job => job.Sequence)];
    }

    /// <summary>The index that has nothing but what was asked for, or little else, and how it is asked for.</summary>
    private static (BsonDocument Index, BsonDocument Range) Range(JobQuery query, long generation, long function)
    {
        if (query.Unfinished || query.State is JobState.Delayed or JobState.Queued)
            return (Schema.JobsWaiting, new BsonDocument { [JobDocument.Generation] = generation, [JobDocument.Ended] = 0L });
        if (query.State is > JobState.Succeeded)
            return (Schema.JobsUnsuccessful, new BsonDocument
            {
                [JobDocument.Generation] = generation, [JobDocument.State] = (int)query.State,
            });
        return function != 0
            ? (Schema.JobsOfFunction, new BsonDocument(JobDocument.Function, function))
            : (Schema.JobsOfOwner, new BsonDocument(JobDocument.Generation, generation));
    }

    /// <summary>What the index does not decide.</summary>
    private static void AddRest(BsonDocument filter, JobQuery query, long function, long nowMs)
    {
        filter[JobDocument.Hidden] = false;
        if (function != 0) filter[JobDocument.Function] = function;
        if (query.State == JobState.Succeeded) filter[JobDocument.State] = (int)JobState.Succeeded;
        if (query.State == JobState.Delayed) filter[JobDocument.Due] = new BsonDocument("$gt", nowMs);
        if (query.State == JobState.Queued) filter[JobDocument.Due] = new BsonDocument("$lte", nowMs);
        var times = new BsonDocument();
        if (query.FromMs != 0) times["$gte"] = query.FromMs;
        if (query.ToMs != 0) times["$lt"] = query.ToMs;
        if (times.ElementCount > 0) filter[JobDocument.Submitted] = times;
    }

    private static bool Fits(JobQuery query, JobRecord job) =>
        (query.State is null || job.State == query.State) && (!query.Unfinished || !job.State.IsTerminal())
        && job.SubmittedAtMs >= query.FromMs && (query.ToMs == 0 || job.SubmittedAtMs < query.ToMs);

    private static BsonDocument Between(long first, long before) => new() { ["$gte"] = first, ["$lt"] = before };

    /// <summary>The last place that is looked at for one page; 0 when the index ends before.</summary>
    private async Task<long> FloorAsync(BsonDocument index, BsonDocument range, long before, CancellationToken cancellation)
    {
        var last = await Schema.Jobs
            .Find(
                new BsonDocument(range) { [JobDocument.Sequence] = new BsonDocument("$lt", before) },
                new FindOptions { Hint = index })
            .Sort(NewestFirst).Skip(JobLists.LookMax - 1).Limit(1).Project<BsonDocument>(PlaceOnly)
            .FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
        return last?.Long(JobDocument.Sequence) ?? 0;
    }

    /// <summary>Whether the place is so far behind that nothing older can have come in time.</summary>
    private async Task<bool> IsTooOldAsync(long place, long fromMs, CancellationToken cancellation) =>
        place != 0 && fromMs != 0
        && await SubmittedFromAsync(place, cancellation).ConfigureAwait(false) is { } submitted
        && submitted < fromMs - JobLists.ClockSlackMs;

    private async Task<long> BeforeAsync(JobQuery query, CancellationToken cancellation)
    {
        var before = query.Before == 0 ? await EndAsync(cancellation).ConfigureAwait(false) : query.Before;
        return query.ToMs == 0 ? before : await BeforeTimeAsync(query.ToMs, before, cancellation).ConfigureAwait(false);
    }

    /// <summary>The place behind the newest job.</summary>
    private async Task<long> EndAsync(CancellationToken cancellation)
    {
        var newest = await Schema.Jobs.Find(new BsonDocument(), new FindOptions { Hint = Schema.JobsInOrder })
            .Sort(NewestFirst).Limit(1).Project<BsonDocument>(PlaceOnly).FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
        return (newest?.Long(JobDocument.Sequence) ?? 0) + 1;
    }

    private async Task<long> BeforeTimeAsync(long toMs, long before, CancellationToken cancellation) =>
        await JobTimes.FindAsync(toMs, before, place => new ValueTask<long?>(SubmittedFromAsync(place, cancellation)))
            .ConfigureAwait(false);

    private async Task<long?> SubmittedFromAsync(long place, CancellationToken cancellation)
    {
        var job = await Schema.Jobs
            .Find(
                new BsonDocument(JobDocument.Sequence, new BsonDocument("$gte", place)),
                new FindOptions { Hint = Schema.JobsInOrder })
            .Sort(new BsonDocument(JobDocument.Sequence, 1)).Limit(1)
            .Project<BsonDocument>(new BsonDocument(JobDocument.Submitted, 1)).FirstOrDefaultAsync(cancellation)
            .ConfigureAwait(false);
        return job?.Long(JobDocument.Submitted);
    }

    private async Task<IReadOnlyList<JobRecord>> RecordsAsync(List<BsonDocument> jobs, long nowMs)
    {
        var versions = await store.Bindings.LoadVersionsAsync(jobs.Select(job => job.Long(JobDocument.Version)))
            .ConfigureAwait(false);
        return
        [
            .. jobs.Select(job => JobRecords.Record(
                job, Ids.Job(job["_id"]), versions(job.Long(JobDocument.Version)), [], withResult: true, withLogs: false, nowMs)
                with { Value = null }),
        ];
    }
}
