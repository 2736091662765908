using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>Jobs, bodies and the ledger in MongoDB.</summary>
internal sealed class MongoJobStore(MongoStore store, TimeProvider time) : IJobStore
{
    private static readonly ProjectionDefinition<BsonDocument> ArgumentsOnly = new BsonDocument
    {
        [JobDocument.Arguments] = 1, [JobDocument.ArgumentsRef] = 1, [JobDocument.Hidden] = 1,
    };

    private Schema Schema => store.Schema;

    public Task<Result<Epoch>> TakeEpochAsync(CancellationToken cancellation) =>
        store.WriteAsync<Epoch>(
            async writing =>
            {
                var number = await writing.SendAsync(store.TakeEpochAsync).ConfigureAwait(false);
                var newest = await Schema.Jobs.Find(new BsonDocument())
                    .Sort(new BsonDocument(JobDocument.Sequence, -1)).Limit(1)
                    .Project<BsonDocument>(new BsonDocument(JobDocument.Sequence, 1)).FirstOrDefaultAsync()
                    .ConfigureAwait(false);
                var removed = await Schema.ReadAsync(Schema.Sequence).ConfigureAwait(false);
                return new Epoch(
                    number, Math.Max(removed, newest?.Long(JobDocument.Sequence) ?? 0),
                    await Schema.ReadLeaseKeyAsync().ConfigureAwait(false));
            },
            cancellation);

    public Task<Result<byte[]>> ReadLeaseKeyAsync(CancellationToken cancellation) =>
        store.ReadAsync<byte[]>(async () => await Schema.ReadLeaseKeyAsync().ConfigureAwait(false));

    public Task<Result<JobCommitted>> CommitAsync(JobCommit commit, CancellationToken cancellation) =>
        store.WriteAsync<JobCommitted>(
            async writing => commit.Epoch == store.Epoch
                ? await store.JobWrites.WriteAsync(commit, writing).ConfigureAwait(false)
                : new Error(ErrorCode.LeaseLost, $"Epoch {commit.Epoch} is over; the queue has a newer one."),
            cancellation);

    public Task<Result<UnfinishedJobs>> LoadUnfinishedAsync(
        long afterSequence, int max, CancellationToken cancellation) =>
        store.ReadAsync<UnfinishedJobs>(async () =>
        {
            var jobs = await Schema.Jobs
                .Find(
                    new BsonDocument
                    {
                        [JobDocument.Ended] = 0L, [JobDocument.Sequence] = new BsonDocument("$gt", afterSequence),
                    },
                    new FindOptions { BatchSize = max + 1 })
                .Sort(new BsonDocument(JobDocument.Sequence, 1)).Limit(max + 1)
                .Project<BsonDocument>(JobDocument.WithoutBodies).ToListAsync(cancellation).ConfigureAwait(false);
            var more = jobs.Count > max;
            if (more) jobs.RemoveAt(max);
            var versions = await store.Bindings.LoadVersionsAsync(jobs.Select(job => job.Long(JobDocument.Version)))
                .ConfigureAwait(false);
            var policies = await store.Bindings
                .ReadPoliciesAsync(jobs.Select(job => versions(job.Long(JobDocument.Version)).FunctionId)).ConfigureAwait(false);
            var configured = new Dictionary<long, FunctionBinding>();
            var open = await FindOpenAsync(jobs.Select(job => versions(job.Long(JobDocument.Version)).User))
                .ConfigureAwait(false);
            return new UnfinishedJobs([.. jobs.Select(job => Read(job, Configured, open))], more);

            // One object a version, which all its jobs share.
            FunctionBinding Configured(long version) => configured.TryGetValue(version, out var binding)
                ? binding
                : configured[version] = policies(versions(version));
        });

    public Task<Result<JobRecord>> FindAsync(JobId id, JobParts parts, CancellationToken cancellation) =>
        store.ReadAsync<JobRecord>(async () => await JobRecords.FindAsync(
            store, id, parts, time.GetUtcNow().ToUnixTimeMilliseconds(), cancellation).ConfigureAwait(false)
            is { } record ? record : StoreErrors.NoJob(id));

    public Task<Result<IReadOnlyList<byte[]?>>> ReadArgumentsAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellation) =>
        store.ReadAsync(async () =>
        {
            var jobs = await Schema.Jobs.FindAllAsync([.. ids.Select(Ids.Of).Distinct()], ArgumentsOnly)
                .ConfigureAwait(false);
            jobs.RemoveAll(job => job.Flag(JobDocument.Hidden));
            var payloads = await store.Payloads.ReadAsync(
                jobs.Select(job => job.Reference(JobDocument.ArgumentsRef)).OfType<ObjectId>()).ConfigureAwait(false);
            var bodies = jobs.ToDictionary(
                job => Ids.Job(job["_id"]),
                job => job.Reference(JobDocument.ArgumentsRef) is { } payload
                    ? payloads.GetValueOrDefault(payload)
                    : job.Bytes(JobDocument.Arguments));
            return Result<IReadOnlyList<byte[]?>>.Ok([.. ids.Select(id => bodies.GetValueOrDefault(id))]);
        });

    /// <summary>Beside the commits: a large body must not make them wait, and nothing refers to it yet.</summary>
    public Task<Result<bool>> StorePayloadAsync(Guid id, byte[] bytes, long nowMs, CancellationToken cancellation) =>
        store.WriteOpenlyAsync<bool>(async writing =>
            await writing.SendAsync(() => store.Payloads.StoreAsync(id, bytes, nowMs)).ConfigureAwait(false));

    public Task<Result<RetentionSweep>> SweepAsync(
        long endedBeforeMs, long orphanedBeforeMs, long keyedBeforeMs, CancellationToken cancellation) =>
        store.WriteAsync<RetentionSweep>(
            async writing => await writing.SendAsync(
                () => store.Retention.SweepAsync(endedBeforeMs, orphanedBeforeMs, keyedBeforeMs)).ConfigureAwait(false),
            cancellation);

    /// <summary>The open generations of users, by name, as they are stored.</summary>
    private async Task<Dictionary<string, long>> FindOpenAsync(IEnumerable<string> users)
    {
        var found = await Schema.Users.FindAllAsync([.. users.Distinct().Select(Ids.User)]).ConfigureAwait(false);
        return found.ToDictionary(user => user.Text("name")!, user => user.Long("gen"));
    }

    private static UnfinishedJob Read(
        BsonDocument job, Func<long, FunctionBinding> versions, Dictionary<string, long> open)
    {
        var binding = versions(job.Long(JobDocument.Version));
        return new UnfinishedJob(
            Ids.Job(job["_id"]), job.Long(JobDocument.Sequence), binding, JobRecords.Counts(job),
            job.Long(JobDocument.Submitted), job.Long(JobDocument.Due), job.Long(JobDocument.Expires),
            open.GetValueOrDefault(binding.User) != binding.Generation);
    }
}
