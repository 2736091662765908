using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>The rows of one group commit: a handful of round trips, however many rows there are.</summary>
/// <remarks>
/// There is no transaction, so a crash may come between any two of these, and a commit whose answer was lost is
/// repeated whole. Neither changes anything twice, because every row decides for itself, by its own document:
/// <list type="number">
/// <item>New jobs are inserted under their own ids. What is there already is the answer of an earlier try.</item>
/// <item>Ends and retries are guarded updates. A crash after this one leaves <c>settled: false</c>.</item>
/// <item>The documents are read back: a row is stored if its document says just what the row says, whoever wrote
/// it. This, and not the number of updated documents, is the answer, so a repetition gives the same.</item>
/// <item>Bills and claims follow from the documents; <see cref="Settlement"/> makes them, now or after a crash.</item>
/// </list>
/// A commit that an old queue or an old owner had under way when a new epoch was taken is harmless by the same guards.
/// Its ends either come first, and then the job is not loaded or its new end is ignored, or they come second, and are
/// ignored: one end is accepted in any case. Its new jobs are durable, though late: the new queue finds them when it
/// looks, each minute, for jobs it does not know. Its retries come second to a later attempt or count as one.
/// </remarks>
internal sealed class JobWrites(Schema schema, Bindings bindings, Settlement settlement, ILogger logger)
{
    /// <summary>Deletions that were sent and not answered: what they find hidden, they have hidden.</summary>
    private readonly HashSet<JobId> _deleting = [];

    public async Task<JobCommitted> WriteAsync(JobCommit commit, Writing writing)
    {
        var added = await AddAsync(commit.New, writing).ConfigureAwait(false);
        var (ended, retried) = await EndAsync(commit.Ended, commit.Retried, writing).ConfigureAwait(false);
        var deleted = await DeleteAsync(commit.Deleted, writing).ConfigureAwait(false);
        return new JobCommitted(added, ended, retried, deleted);
    }

    private async Task<NewJobOutcome[]> AddAsync(IReadOnlyList<NewJob> jobs, Writing writing)
    {
        if (jobs.Count == 0) return [];
        await bindings.LoadAsync(jobs).ConfigureAwait(false);
        var versions = await bindings.LoadNamedAsync(jobs).ConfigureAwait(false);
        var payloads = await FindPayloadsAsync(jobs).ConfigureAwait(false);
        var keys = await IdempotencyKeys.LoadAsync(schema, bindings, jobs).ConfigureAwait(false);
        var freed = new List<JobId>();
        var outcomes = new NewJobOutcome[jobs.Count];
        var (documents, rows) = (new List<BsonDocument>(jobs.Count), new List<int>(jobs.Count));
        for (var at = 0; at < outcomes.Length; at++)
        {
            // Whatever has become of the function: a key's job is the answer.
            outcomes[at] = keys.Refuse(bindings.FindOpen(jobs[at].Submission.User), jobs[at].Submission) is { } known
                ? Refuse(known)
                : Bind(jobs[at], versions, payloads);
            if (outcomes[at].Binding is not { } binding) continue;
            if (keys.Give(binding.Generation, jobs[at].Submission) is { } before) freed.Add(before);
            documents.Add(JobDocument.Of(jobs[at], binding));
            rows.Add(at);
        }
        if (freed.Count > 0)
            await writing.SendAsync(() => schema.Jobs.WriteAllAsync([.. freed.Select(IdempotencyKeys.Free)])).ConfigureAwait(false);
        if (documents.Count > 0)
        {
            var there = await writing.SendAsync(() => schema.Jobs.InsertMissingAsync(documents)).ConfigureAwait(false);
            foreach (var at in there) outcomes[rows[at]] = RefuseSequence(jobs[rows[at]]);
        }
        await RecallAsync(jobs, outcomes).ConfigureAwait(false);
        // Of the stored ones only: a body must not be claimed by a job that is not there.
        var unsettled = documents.Where((job, at) =>
            outcomes[rows[at]].Status == WriteStatus.Stored && !job.Flag(JobDocument.Settled));
        await settlement.SettleAsync([.. unsettled], writing).ConfigureAwait(false);
        return outcomes;
    }

    private NewJobOutcome Bind(
        NewJob job, Func<FunctionBinding, long, FunctionBinding?> versions, HashSet<ObjectId> payloads)
    {
        var submission = job.Submission;
        var generation = bindings.FindOpen(submission.User);
        if (generation == 0) return Refuse(StoreErrors.NoUser(submission.User));
        if (bindings.FindCurrent(generation, submission.Function) is not { } current)
            return Refuse(StoreErrors.NoFunction(submission.User, submission.Function));
        if ((submission.VersionId is { } version ? versions(current, version) : current) is not { } binding)
            return Refuse(StoreErrors.NoVersion(submission.User, submission.Function));
        if (Documents.Stored(submission.Arguments) is { } payload && !payloads.Contains(payload))
            return Refuse(Refusals.NoArguments);
        return new NewJobOutcome(WriteStatus.Stored, job.Sequence, binding, null);
    }

    /// <summary>
    /// What was not inserted may have been stored by an earlier try, whatever has become of its function since. It is
    /// looked for by id; a job whose id is not there after all has met another's sequence number.
    /// </summary>
    private async Task RecallAsync(IReadOnlyList<NewJob> jobs, NewJobOutcome[] outcomes)
    {
        var open = Enumerable.Range(0, outcomes.Length)
            .Where(at => outcomes[at].Status == WriteStatus.Refused).ToList();
        if (open.Count == 0) return;
        var stored = await schema.Jobs.FindAllAsync(
            [.. open.Select(at => Ids.Of(jobs[at].Submission.Id))], JobDocument.WithoutBodies).ConfigureAwait(false);
        var found = stored.ToDictionary(document => Ids.Job(document["_id"]));
        var versions = await bindings.LoadVersionsAsync(stored.Select(job => job.Long(JobDocument.Version)))
            .ConfigureAwait(false);
        foreach (var at in open)
        {
            if (found.TryGetValue(jobs[at].Submission.Id, out var job)) outcomes[at] = Recall(job, versions);
            else if (outcomes[at].Error!.Code == ErrorCode.Internal)
                MongoLog.SequenceTaken(logger, jobs[at].Submission.Id, jobs[at].Sequence);
        }
    }

    private static NewJobOutcome Recall(BsonDocument job, Func<long, FunctionBinding> versions)
    {
        var sequence = job.Long(JobDocument.Sequence);
        return job.Long(JobDocument.Ended) != 0
            ? new NewJobOutcome(WriteStatus.Ignored, sequence, null, null)
            : new NewJobOutcome(WriteStatus.Stored, sequence, versions(job.Long(JobDocument.Version)), null);
    }

    private async Task<HashSet<ObjectId>> FindPayloadsAsync(IReadOnlyList<NewJob> jobs)
    {
        var wanted = jobs.Select(job => Documents.Stored(job.Submission.Arguments)).OfType<ObjectId>().Distinct();
        var found = await schema.Payloads.FindAllAsync([.. wanted]).ConfigureAwait(false);
        return [.. found.Where(payload => !payload.Flag("dead")).Select(payload => payload["_id"].AsObjectId)];
    }

    private async Task<(WriteStatus[] Ended, WriteStatus[] Retried)> EndAsync(
        IReadOnlyList<JobEnd> ends, IReadOnlyList<JobRetry> retries, Writing writing)
    {
        if (ends.Count + retries.Count == 0) return ([], []);
        var updates = new List<WriteModel<BsonDocument>>(ends.Select(JobDocument.Update));
        updates.AddRange(await MakeRetriesAsync(retries).ConfigureAwait(false));
        await writing.SendAsync(() => schema.Jobs.WriteAllAsync(updates)).ConfigureAwait(false);

        var ids = ends.Select(end => end.Id).Concat(retries.Select(retry => retry.Id)).Select(Ids.Of).Distinct();
        var jobs = await schema.Jobs.FindAllAsync([.. ids], JobDocument.WithoutBodies).ConfigureAwait(false);
        await settlement.SettleAsync(jobs.FindAll(job => !job.Flag(JobDocument.Settled)), writing)
            .ConfigureAwait(false);
        var found = jobs.ToDictionary(job => Ids.Job(job["_id"]));
        return (
            [.. ends.Select(end => Judge(end, found.GetValueOrDefault(end.Id)))],
            [.. retries.Select(retry => Judge(retry, found.GetValueOrDefault(retry.Id)))]);
    }

    private async Task<IEnumerable<UpdateOneModel<BsonDocument>>> MakeRetriesAsync(IReadOnlyList<JobRetry> retries)
    {
        var jobs = await schema.Jobs.FindAllAsync(
            [.. retries.Select(retry => Ids.Of(retry.Id))], JobDocument.WithoutBodies).ConfigureAwait(false);
        var found = jobs.ToDictionary(job => Ids.Job(job["_id"]));
        return retries.Where(retry => found.ContainsKey(retry.Id))
            .Select(retry => JobDocument.Update(retry, JobDocument.QueuedUs(found[retry.Id], retry.StartedAtMs)));
    }

    private static WriteStatus Judge(JobEnd end, BsonDocument? job) =>
        job is not null && job.Long(JobDocument.Ended) == end.EndedAtMs
            && job.Int(JobDocument.Tries) == end.Counts.Ended && job.Int(JobDocument.State) == (int)end.State
            ? WriteStatus.Stored
            : WriteStatus.Ignored;

    private static WriteStatus Judge(JobRetry retry, BsonDocument? job) =>
        job is not null && job.Long(JobDocument.Ended) == 0 && job.Int(JobDocument.Tries) == retry.Counts.Ended
            ? WriteStatus.Stored
            : WriteStatus.Ignored;

    /// <summary>
    /// Hides finished jobs and drops their bodies. Which ones it hid is only known from what they were before, so a
    /// deletion whose answer was lost is remembered until it has one.
    /// </summary>
    private async Task<bool[]> DeleteAsync(IReadOnlyList<JobId> ids, Writing writing)
    {
        if (ids.Count == 0) return [];
        var jobs = await schema.Jobs.FindAllAsync([.. ids.Select(Ids.Of).Distinct()], JobDocument.WithoutBodies)
            .ConfigureAwait(false);
        jobs.RemoveAll(job => job.Long(JobDocument.Ended) == 0);
        foreach (var job in jobs)
            if (!job.Flag(JobDocument.Hidden)) _deleting.Add(Ids.Job(job["_id"]));
        var doomed = jobs.FindAll(job => _deleting.Contains(Ids.Job(job["_id"])));
        await writing.SendAsync(() => schema.Jobs.WriteAllAsync([.. doomed.Select(Hide)])).ConfigureAwait(false);
        foreach (var job in doomed) job[JobDocument.Hidden] = true;
        await settlement.SettleAsync(
            doomed.FindAll(job => !job.Flag(JobDocument.Settled) || JobDocument.References(job).Any()), writing)
            .ConfigureAwait(false);
        var deleted = doomed.Select(job => Ids.Job(job["_id"])).ToHashSet();
        _deleting.ExceptWith(ids);
        return [.. ids.Select(deleted.Contains)];
    }

    private static UpdateOneModel<BsonDocument> Hide(BsonDocument job)
    {
        var set = new BsonDocument(JobDocument.Hidden, true);
        if (JobDocument.References(job).Any()) set[JobDocument.Settled] = false;
        return new UpdateOneModel<BsonDocument>(
            new BsonDocument { ["_id"] = job["_id"], [JobDocument.Hidden] = false },
            new BsonDocument
            {
                ["$set"] = set,
                ["$unset"] = new BsonDocument
                {
                    [JobDocument.Arguments] = "", [JobDocument.Value] = "", [JobDocument.Logs] = "",
                    [JobDocument.ArgumentBytes] = "", [JobDocument.EndBytes] = "", [JobDocument.StoredBytes] = "",
                },
            });
    }

    private static NewJobOutcome Refuse(Error error) => new(WriteStatus.Refused, 0, null, error);

    /// <summary>
    /// Two jobs with one number are a defect of the queue. The stored one keeps it, and the new one is refused by
    /// itself: refusing the commit would have the queue repeat it forever.
    /// </summary>
    private static NewJobOutcome RefuseSequence(NewJob job) => Refuse(Refusals.SequenceTaken(job.Sequence));
}
