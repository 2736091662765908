using FaaS.Application.Db;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Removing what is past its time, with the steps in such an order that a crash leaves the job's document: the next
/// sweep finds it and does the rest. There is no TTL index, for it would remove the document before its bills are
/// folded and its bodies released.
/// </summary>
internal sealed class Retention(Schema schema, Ledger ledger, Payloads payloads, Settlement settlement)
{
    private const int MaxRows = 500;

    public async Task<RetentionSweep> SweepAsync(long endedBeforeMs, long orphanedBeforeMs, long keyedBeforeMs)
    {
        await settlement.SettleAllAsync().ConfigureAwait(false);
        var jobs = await FindAsync(new BsonDocument(
            JobDocument.Ended, new BsonDocument { ["$gt"] = 0L, ["$lt"] = endedBeforeMs }), keyedBeforeMs)
            .ConfigureAwait(false);
        // A deleted job's row goes as late as an orphan: until then its id must not run again if it is submitted late.
        if (jobs.Count == 0)
            jobs = await FindAsync(new BsonDocument
            {
                [JobDocument.Hidden] = true,
                [JobDocument.Ended] = new BsonDocument
                {
                    ["$gt"] = 0L, ["$lt"] = Math.Max(endedBeforeMs, orphanedBeforeMs),
                },
            }, keyedBeforeMs).ConfigureAwait(false);
        if (jobs.Count > 0) await RemoveAsync(jobs).ConfigureAwait(false);
        var orphans = await payloads.RemoveOrphansAsync(orphanedBeforeMs, MaxRows - jobs.Count).ConfigureAwait(false);
        return new RetentionSweep(jobs.Count, orphans);
    }

    private Task<List<BsonDocument>> FindAsync(BsonDocument filter, long keyedBeforeMs)
    {
        filter[JobDocument.Settled] = true;
        filter["$or"] = new BsonArray
        {
            new BsonDocument(JobDocument.Key, BsonNull.Value),
            new BsonDocument(JobDocument.Ended, new BsonDocument("$lt", keyedBeforeMs)),
        };
        return schema.Jobs.Find(filter).Limit(MaxRows).Project<BsonDocument>(JobDocument.WithoutBodies).ToListAsync();
    }

    private async Task RemoveAsync(List<BsonDocument> jobs)
    {
        // Sequence numbers must go on above every number that was ever stored, removed ones included.
        var last = jobs.Max(job => job.Long(JobDocument.Sequence));
        await schema.Meta.UpdateOneAsync(
            Documents.ById(Ids.Meta(Schema.Sequence)), Documents.Update.Max("n", last)).ConfigureAwait(false);
        await ledger.FoldAsync(jobs).ConfigureAwait(false);
        await payloads.ReleaseAsync(jobs).ConfigureAwait(false);
        await schema.Jobs.DeleteManyAsync(Documents.Filter.And(
            Documents.ByIds(jobs.Select(job => job["_id"].AsObjectId)),
            Documents.Filter.Eq(JobDocument.Settled, true))).ConfigureAwait(false);
    }
}
