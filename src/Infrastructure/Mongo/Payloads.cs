using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Large bodies, stored before the jobs that refer to them. A redriven job refers to the same arguments as the job it
/// repeats, so a body has the set of its jobs: adding to and taking from a set may be repeated, counting may not. The
/// bytes stand in a collection of their own, so that a change of the set does not rewrite them.
/// </summary>
internal sealed class Payloads(Schema schema)
{
    private const string Jobs = "jobs", Stored = "stored", Claimed = "claimed", Dead = "dead", Size = "size";

    /// <summary>
    /// Stores a body, unless it is there. The row comes first: what a crash leaves is a row without bytes, which is
    /// swept as an orphan, and never bytes that nobody knows of.
    /// </summary>
    public async Task<bool> StoreAsync(Guid id, byte[] bytes, long nowMs)
    {
        var key = Ids.Payload(id);
        await schema.Payloads.InsertMissingAsync([new BsonDocument
        {
            ["_id"] = key, [Stored] = nowMs, [Claimed] = false, [Dead] = false, [Jobs] = new BsonArray(),
            [Size] = bytes.Length,
        }]).ConfigureAwait(false);
        await schema.PayloadBytes.InsertMissingAsync([new BsonDocument { ["_id"] = key, ["bytes"] = bytes }])
            .ConfigureAwait(false);
        return true;
    }

    /// <summary>The bytes of bodies, by their keys; what is gone is not among them.</summary>
    public async Task<Dictionary<ObjectId, byte[]>> ReadAsync(IEnumerable<ObjectId> keys)
    {
        var found = await schema.PayloadBytes.FindAllAsync([.. keys.Distinct()]).ConfigureAwait(false);
        return found.ToDictionary(body => body["_id"].AsObjectId, body => body.Bytes("bytes") ?? []);
    }

    /// <summary>The lengths of bodies, by their keys; of what is gone, or was stored by an older release, 0.</summary>
    public async Task<Func<ObjectId, long>> ReadSizesAsync(IEnumerable<ObjectId> keys)
    {
        var found = await schema.Payloads.FindAllAsync([.. keys.Distinct()], new BsonDocument(Size, 1))
            .ConfigureAwait(false);
        var sizes = found.ToDictionary(body => body["_id"].AsObjectId, body => body.Long(Size));
        return key => sizes.GetValueOrDefault(key);
    }

    /// <summary>Enters the jobs at the bodies they refer to; takes hidden jobs out.</summary>
    public async Task<bool> ClaimAsync(IReadOnlyCollection<BsonDocument> jobs)
    {
        var claims = jobs.Where(job => !job.Flag(JobDocument.Hidden)).SelectMany(job => Pairs(job).Select(Claim));
        await schema.Payloads.WriteAllAsync([.. claims]).ConfigureAwait(false);
        await ReleaseAsync(jobs.Where(job => job.Flag(JobDocument.Hidden))).ConfigureAwait(false);
        return true;
    }

    /// <summary>Takes jobs out of the bodies they refer to, and removes a body with its last one.</summary>
    public async Task ReleaseAsync(IEnumerable<BsonDocument> jobs)
    {
        var pairs = jobs.SelectMany(Pairs).ToList();
        if (pairs.Count == 0) return;
        // In order: the second of two jobs to leave must find that it is the last.
        await schema.Payloads.WriteAllAsync([.. pairs.SelectMany(Release)], inOrder: true).ConfigureAwait(false);
        var left = await schema.Payloads.FindAllAsync([.. pairs.Select(pair => pair.Payload).Distinct()])
            .ConfigureAwait(false);
        await RemoveAsync([.. left.Where(body => body.Flag(Dead)).Select(body => body["_id"].AsObjectId)])
            .ConfigureAwait(false);
    }

    /// <summary>Removes bodies that nothing refers to.</summary>
    public async Task<int> RemoveOrphansAsync(long storedBeforeMs, int max)
    {
        if (max <= 0) return 0;
        var orphans = await schema.Payloads
            .Find(new BsonDocument { [Claimed] = false, [Stored] = new BsonDocument("$lt", storedBeforeMs) })
            .Limit(max).ToListAsync().ConfigureAwait(false);
        var keys = orphans.ConvertAll(body => body["_id"].AsObjectId);
        if (keys.Count == 0) return 0;
        // Dead first, which a claim looks at: nothing can refer to a body that is half removed.
        await schema.Payloads.UpdateManyAsync(
            Documents.Filter.And(Documents.ByIds(keys), Documents.Filter.Eq(Claimed, false)),
            Documents.Update.Set(Dead, true)).ConfigureAwait(false);
        await RemoveAsync(keys).ConfigureAwait(false);
        return keys.Count;
    }

    private static IEnumerable<(BsonValue Job, ObjectId Payload)> Pairs(BsonDocument job) =>
        JobDocument.References(job).Select(payload => (job["_id"], payload));

    private static WriteModel<BsonDocument> Claim((BsonValue Job, ObjectId Payload) pair) =>
        new UpdateOneModel<BsonDocument>(
            new BsonDocument { ["_id"] = pair.Payload, [Dead] = false },
            new BsonDocument
            {
                ["$addToSet"] = new BsonDocument(Jobs, pair.Job), ["$set"] = new BsonDocument(Claimed, true),
            });

    /// <summary>The last job takes the body with it, in one update; any other only leaves.</summary>
    private static IEnumerable<WriteModel<BsonDocument>> Release((BsonValue Job, ObjectId Payload) pair)
    {
        yield return new UpdateOneModel<BsonDocument>(
            new BsonDocument { ["_id"] = pair.Payload, [Jobs] = new BsonArray { pair.Job } },
            new BsonDocument("$set", new BsonDocument
            {
                [Jobs] = new BsonArray(), [Claimed] = false, [Dead] = true,
            }));
        yield return new UpdateOneModel<BsonDocument>(
            new BsonDocument("_id", pair.Payload), new BsonDocument("$pull", new BsonDocument(Jobs, pair.Job)));
    }

    /// <summary>Bytes first: the row is what the sweep finds again after a crash.</summary>
    private async Task RemoveAsync(List<ObjectId> keys)
    {
        if (keys.Count == 0) return;
        await schema.PayloadBytes.DeleteManyAsync(Documents.ByIds(keys)).ConfigureAwait(false);
        await schema.Payloads.DeleteManyAsync(
            Documents.Filter.And(Documents.ByIds(keys), Documents.Filter.Eq(Dead, true))).ConfigureAwait(false);
    }
}
