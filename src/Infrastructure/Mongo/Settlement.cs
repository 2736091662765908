using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Makes what follows from a job's document: its bills, and that the bodies it refers to know of it, or no longer do.
/// Each step may be done any number of times; the document says <c>settled: true</c> only after all of them.
/// </summary>
/// <remarks>
/// A crash before step 1, or between any two, leaves the job unsettled, and the next owner of the database, or the next
/// sweep, does all of them again:
/// <list type="number">
/// <item>Ledger rows are inserted under ids computed from job and attempt: a duplicate is already billed.</item>
/// <item>Bodies are claimed by adding the job to a set, or released by taking it out.</item>
/// <item>The job is marked settled and its bills are dropped, if it is still as it was read.</item>
/// </list>
/// </remarks>
internal sealed class Settlement(Schema schema, Ledger ledger, Payloads payloads)
{
    private const int MaxRows = 500;

    /// <summary>Settles jobs as they were just read or written.</summary>
    public async Task SettleAsync(IReadOnlyCollection<BsonDocument> jobs, Writing writing)
    {
        if (jobs.Count == 0) return;
        await writing.SendAsync(() => ledger.BillAsync(jobs)).ConfigureAwait(false);
        await writing.SendAsync(() => payloads.ClaimAsync(jobs)).ConfigureAwait(false);
        var sizeOf = await payloads.ReadSizesAsync(
            jobs.Where(job => !job.Flag(JobDocument.Hidden)).SelectMany(JobDocument.References)).ConfigureAwait(false);
        await writing.SendAsync(() => schema.Jobs.WriteAllAsync([.. jobs.Select(job => Mark(job, sizeOf))]))
            .ConfigureAwait(false);
    }

    /// <summary>Settles whatever is left unsettled.</summary>
    /// <returns>How many jobs that were.</returns>
    public async Task<int> SettleAllAsync()
    {
        var settled = 0;
        var last = ObjectId.Empty;
        while (true)
        {
            // By id, so that a job that cannot be settled now does not hold the others up.
            var jobs = await schema.Jobs
                .Find(new BsonDocument { [JobDocument.Settled] = false, ["_id"] = new BsonDocument("$gt", last) })
                .Sort(new BsonDocument("_id", 1)).Limit(MaxRows).Project<BsonDocument>(JobDocument.WithoutBodies)
                .ToListAsync().ConfigureAwait(false);
            if (jobs.Count == 0) return settled;
            await SettleAsync(jobs, new Writing()).ConfigureAwait(false);
            settled += jobs.Count;
            last = jobs[^1]["_id"].AsObjectId;
        }
    }

    private static UpdateOneModel<BsonDocument> Mark(BsonDocument job, Func<ObjectId, long> sizeOf)
    {
        var set = new BsonDocument(JobDocument.Settled, true);
        if (JobDocument.References(job).Any() && !job.Flag(JobDocument.Hidden))
            set[JobDocument.StoredBytes] = JobDocument.References(job).Sum(sizeOf);
        return new UpdateOneModel<BsonDocument>(
            new BsonDocument
            {
                ["_id"] = job["_id"], [JobDocument.Tries] = job.Int(JobDocument.Tries),
                [JobDocument.Ended] = job.Long(JobDocument.Ended), [JobDocument.Hidden] = job.Flag(JobDocument.Hidden),
            },
            new BsonDocument { ["$set"] = set, ["$unset"] = new BsonDocument(JobDocument.Bills, "") });
    }
}
