using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>Wall-clock microseconds of one generation in one day; there may be two of them to be added.</summary>
internal readonly record struct DaySum(long Generation, long Day, long WallUs);

/// <summary>What one function used in one day; there may be two of them to be added.</summary>
internal readonly record struct LedgerSum(
    long Function, long Day, long Invocations, long QueuedUs, long ColdUs, long CpuUs, long WallUs);

/// <summary>
/// What was used, billed once: a row for each attempt, and for attempts whose jobs are gone a sum by owner, function
/// and day. A total is the sum of rows and days, never a counter that is added to.
/// </summary>
/// <remarks>
/// Folding rows into a day moves them from one collection to another without a transaction. One update of the day's
/// document, guarded by its version, writes the new sums together with the ids of the rows that are in them; from then
/// on a row that stands there does not count. Then the rows are removed, then the ids. A crash leaves rows that do not
/// count, and the next folding of that day removes them first.
/// </remarks>
internal sealed class Ledger(Schema schema) : IDisposable
{
    private const long MsPerDay = 24L * 60 * 60 * 1000;

    private static readonly string[] Amounts = ["queued", JobDocument.Cold, JobDocument.Cpu, JobDocument.Wall];

    /// <summary>Folding moves what a total is reading.</summary>
    private readonly SemaphoreSlim _folding = new(1, 1);

    /// <summary>Bills the attempts that the jobs' documents tell of, unless they are billed already.</summary>
    public async Task<bool> BillAsync(IReadOnlyCollection<BsonDocument> jobs)
    {
        var rows = jobs.SelectMany(Rows).ToList();
        if (rows.Count > 0) await schema.Ledger.InsertMissingAsync(rows).ConfigureAwait(false);
        return true;
    }

    /// <summary>The wall-clock microseconds of all billed attempts of a generation.</summary>
    public async Task<long> SumWallUsAsync(long generation)
    {
        await _folding.WaitAsync().ConfigureAwait(false);
        try
        {
            var days = await schema.LedgerDays.Find(new BsonDocument("gen", generation)).ToListAsync()
                .ConfigureAwait(false);
            var folded = new BsonArray(days.SelectMany(Folded).Select(id => (BsonValue)id));
            var match = new BsonDocument("gen", generation);
            if (folded.Count > 0) match["_id"] = new BsonDocument("$nin", folded);
            var sum = await schema.Ledger.Aggregate()
                .Match(match)
                .Group<BsonDocument>(new BsonDocument
                {
                    ["_id"] = BsonNull.Value, ["wall"] = new BsonDocument("$sum", "$" + JobDocument.Wall),
                }).FirstOrDefaultAsync().ConfigureAwait(false);
            return days.Sum(day => day.Long(JobDocument.Wall)) + (sum?.Long("wall") ?? 0);
        }
        finally
        {
            _folding.Release();
        }
    }

    /// <summary>The wall-clock microseconds of days, by generation; of all of them when none are given.</summary>
    public async Task<IReadOnlyList<DaySum>> SumDaysAsync(
        (long First, long Last) days, IReadOnlyCollection<long>? generations)
    {
        var match = new BsonDocument
        {
            // Of all of them too: what begins with the generation is an index that has all this needs.
            ["gen"] = generations is null
                ? new BsonDocument("$gt", 0L)
                : new BsonDocument("$in", new BsonArray(generations)),
            ["day"] = new BsonDocument { ["$gte"] = days.First, ["$lte"] = days.Last },
        };
        await _folding.WaitAsync().ConfigureAwait(false);
        try
        {
            var sums = await SumDaysAsync(schema.LedgerDays, match).ConfigureAwait(false);
            // Rows that were folded and not yet removed: but for a crash there are none.
            var folding = await schema.LedgerDays.Find(new BsonDocument("folded.0", new BsonDocument("$exists", true)))
                .Project<BsonDocument>(new BsonDocument("folded", 1)).ToListAsync().ConfigureAwait(false);
            if (folding.Count > 0)
                match["_id"] = new BsonDocument("$nin", new BsonArray(folding.SelectMany(Folded).Select(id => (BsonValue)id)));
            sums.AddRange(await SumDaysAsync(schema.Ledger, match).ConfigureAwait(false));
            return sums;
        }
        finally
        {
            _folding.Release();
        }
    }

    /// <summary>What a generation's functions used in each of some days: summed by the server.</summary>
    public async Task<IReadOnlyList<LedgerSum>> SumAllAsync(long generation, (long First, long Last) days)
    {
        var match = new BsonDocument
        {
            ["gen"] = generation, ["day"] = new BsonDocument { ["$gte"] = days.First, ["$lte"] = days.Last },
        };
        await _folding.WaitAsync().ConfigureAwait(false);
        try
        {
            var folded = await schema.LedgerDays.Find(match).ToListAsync().ConfigureAwait(false);
            var rows = new BsonDocument(match);
            var taken = folded.SelectMany(Folded).Select(id => (BsonValue)id).ToList();
            if (taken.Count > 0) rows["_id"] = new BsonDocument("$nin", new BsonArray(taken));
            var group = new BsonDocument
            {
                ["_id"] = new BsonDocument { ["fn"] = "$fn", ["day"] = "$day" }, ["invocations"] = new BsonDocument("$sum", 1L),
            };
            foreach (var amount in Amounts) group[amount] = new BsonDocument("$sum", "$" + amount);
            var sums = await schema.Ledger.Aggregate().Match(rows).Group<BsonDocument>(group).ToListAsync().ConfigureAwait(false);
            return
            [
                .. folded.Select(day => Read(day, day)), .. sums.Select(sum => Read(sum["_id"].AsBsonDocument, sum)),
            ];
        }
        finally
        {
            _folding.Release();
        }
    }

    /// <summary>Folds the rows of jobs that are about to be removed.</summary>
    public async Task FoldAsync(IReadOnlyCollection<BsonDocument> jobs)
    {
        var ids = jobs.SelectMany(job => Enumerable.Range(1, job.Int(JobDocument.Tries))
            .Select(attempt => Ids.LedgerRow(job["_id"].AsObjectId, attempt))).ToList();
        await _folding.WaitAsync().ConfigureAwait(false);
        try
        {
            var rows = await schema.Ledger.FindAllAsync(ids).ConfigureAwait(false);
            if (rows.Count > 0) await FoldRowsAsync(rows).ConfigureAwait(false);
        }
        finally
        {
            _folding.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _folding.Dispose();

    private static async Task<List<DaySum>> SumDaysAsync(IMongoCollection<BsonDocument> rows, BsonDocument match)
    {
        var groups = await rows.Aggregate().Match(match).Group<BsonDocument>(new BsonDocument
        {
            ["_id"] = new BsonDocument { ["gen"] = "$gen", ["day"] = "$day" },
            ["wall"] = new BsonDocument("$sum", "$" + JobDocument.Wall),
        }).ToListAsync().ConfigureAwait(false);
        return groups.ConvertAll(group => new DaySum(
            group["_id"].AsBsonDocument.Long("gen"), group["_id"].AsBsonDocument.Long("day"), group.Long("wall")));
    }

    private async Task FoldRowsAsync(List<BsonDocument> rows)
    {
        var groups = rows.ToLookup(DayOf);
        var days = (await schema.LedgerDays.FindAllAsync([.. groups.Select(group => group.Key)]).ConfigureAwait(false))
            .ToDictionary(day => day["_id"].AsObjectId);
        await ClearAsync(days.Values).ConfigureAwait(false);
        var done = days.Values.SelectMany(Folded).ToHashSet();
        var next = groups.Select(group => Add(days.GetValueOrDefault(group.Key), group.Key, [
            .. group.Where(row => !done.Contains(row["_id"].AsObjectId))])).ToList();

        await schema.LedgerDays.InsertMissingAsync([.. next.Where(day => day.Long("n") == 1)]).ConfigureAwait(false);
        var replaced = next.Where(day => day.Long("n") > 1).Select(Replace).ToList();
        await schema.LedgerDays.WriteAllAsync(replaced).ConfigureAwait(false);
        // What counts is what stands there now: if somebody else folded too, only rows that are in a day may go.
        await ClearAsync(await schema.LedgerDays.FindAllAsync([.. groups.Select(group => group.Key)])
            .ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Removes the rows that days have taken in, and then what says so.</summary>
    private async Task ClearAsync(IReadOnlyCollection<BsonDocument> days)
    {
        var folding = days.Where(day => Folded(day).Any()).ToList();
        if (folding.Count == 0) return;
        await schema.Ledger.DeleteManyAsync(Documents.ByIds(folding.SelectMany(Folded))).ConfigureAwait(false);
        await schema.LedgerDays.WriteAllAsync([.. folding.Select(day => new UpdateOneModel<BsonDocument>(
            new BsonDocument { ["_id"] = day["_id"], ["n"] = day.Long("n") },
            new BsonDocument("$set", new BsonDocument("folded", new BsonArray()))))]).ConfigureAwait(false);
    }

    private static IEnumerable<BsonDocument> Rows(BsonDocument job)
    {
        if (!job.TryGetValue(JobDocument.Bills, out var bills)) yield break;
        foreach (var bill in bills.AsBsonArray.Select(bill => bill.AsBsonDocument))
        {
            var queued = bill.Contains("queued")
                ? bill.Long("queued")
                : JobDocument.QueuedUs(job, bill.Long(JobDocument.Started));
            yield return new BsonDocument
            {
                ["_id"] = Ids.LedgerRow(job["_id"].AsObjectId, bill.Int("n")), ["job"] = job["_id"],
                ["attempt"] = bill.Int("n"), ["gen"] = job.Long(JobDocument.Generation),
                ["fn"] = job.Long(JobDocument.Function), ["day"] = bill.Long(JobDocument.Ended) / MsPerDay,
                ["queued"] = queued, [JobDocument.Cold] = bill.Long(JobDocument.Cold),
                [JobDocument.Cpu] = bill.Long(JobDocument.Cpu), [JobDocument.Wall] = bill.Long(JobDocument.Wall),
            };
        }
    }

    private static LedgerSum Read(BsonDocument key, BsonDocument sums) => new(
        key.Long("fn"), key.Long("day"), sums.Long("invocations"), sums.Long("queued"), sums.Long(JobDocument.Cold),
        sums.Long(JobDocument.Cpu), sums.Long(JobDocument.Wall));

    private static ObjectId DayOf(BsonDocument row) => Ids.LedgerDay(row.Long("gen"), row.Long("fn"), row.Long("day"));

    private static IEnumerable<ObjectId> Folded(BsonDocument day) =>
        day.TryGetValue("folded", out var ids) ? ids.AsBsonArray.Select(id => id.AsObjectId) : [];

    /// <summary>The day with the rows' sums added.</summary>
    private static BsonDocument Add(BsonDocument? day, ObjectId key, List<BsonDocument> rows)
    {
        var next = new BsonDocument
        {
            ["_id"] = key, ["n"] = (day?.Long("n") ?? 0) + 1,
            ["invocations"] = (day?.Long("invocations") ?? 0) + rows.Count,
            ["folded"] = new BsonArray(rows.Select(row => row["_id"])),
        };
        foreach (var amount in Amounts) next[amount] = (day?.Long(amount) ?? 0) + rows.Sum(row => row.Long(amount));
        var like = day ?? rows[0];
        foreach (var field in new[] { "gen", "fn", "day" }) next[field] = like.Long(field);
        return next;
    }

    private static WriteModel<BsonDocument> Replace(BsonDocument day) => new ReplaceOneModel<BsonDocument>(
        new BsonDocument { ["_id"] = day["_id"], ["n"] = day.Long("n") - 1 }, day);
}
