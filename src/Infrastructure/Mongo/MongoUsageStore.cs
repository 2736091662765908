using System.Collections.Concurrent;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>What is used, summed by the server: by generation, which never changes its name.</summary>
internal sealed class MongoUsageStore(MongoStore store) : IUsageStore
{
    private const int MaxNames = 1_000_000, NamesStep = 500;

    private readonly ConcurrentDictionary<long, string> _names = [];

    private Schema Schema => store.Schema;

    public Task<Result<ExecutedTime>> SumTimeAsync(string user, long day, CancellationToken cancellation) =>
        store.ReadAsync<ExecutedTime>(async () =>
        {
            var groups = await Schema.Functions.Aggregate().Match(new BsonDocument("user", user))
                .Group<BsonDocument>(new BsonDocument("_id", "$gen")).ToListAsync(cancellation).ConfigureAwait(false);
            var generations = groups.ConvertAll(group => group.Long("_id"));
            if (generations.Count == 0) return new ExecutedTime(0, 0);
            var sums = await store.Ledger.SumDaysAsync(Days.Month(day), generations).ConfigureAwait(false);
            return sums.Aggregate(new ExecutedTime(0, 0), (sum, row) => Add(sum, row, day));
        });

    public Task<Result<IReadOnlyDictionary<string, ExecutedTime>>> SumTimesAsync(
        long day, CancellationToken cancellation) => store.ReadAsync(async () =>
    {
        var sums = await store.Ledger.SumDaysAsync(Days.Month(day), null).ConfigureAwait(false);
        await LearnAsync(sums.Select(row => row.Generation), cancellation).ConfigureAwait(false);
        var times = new Dictionary<string, ExecutedTime>();
        foreach (var row in sums)
            if (_names.TryGetValue(row.Generation, out var name))
                times[name] = Add(times.GetValueOrDefault(name), row, day);
        return Result<IReadOnlyDictionary<string, ExecutedTime>>.Ok(times);
    });

    public Task<Result<IReadOnlyDictionary<string, long>>> SumStoredBytesAsync(CancellationToken cancellation) =>
        store.ReadAsync(async () =>
        {
            var sums = await Schema.Jobs.Aggregate().Group<BsonDocument>(new BsonDocument
            {
                ["_id"] = "$" + JobDocument.Generation,
                ["arguments"] = new BsonDocument("$sum", "$" + JobDocument.ArgumentBytes),
                ["end"] = new BsonDocument("$sum", "$" + JobDocument.EndBytes),
                ["stored"] = new BsonDocument("$sum", "$" + JobDocument.StoredBytes),
            }).ToListAsync(cancellation).ConfigureAwait(false);
            await LearnAsync(sums.Select(sum => sum.Long("_id")), cancellation).ConfigureAwait(false);
            var bytes = new Dictionary<string, long>();
            foreach (var sum in sums)
            {
                var more = sum.Long("arguments") + sum.Long("end") + sum.Long("stored");
                if (more > 0 && _names.TryGetValue(sum.Long("_id"), out var name))
                    bytes[name] = bytes.GetValueOrDefault(name) + more;
            }
            return Result<IReadOnlyDictionary<string, long>>.Ok(bytes);
        });

    public Task<Result<FunctionHoldings>> SumFunctionsAsync(string user, CancellationToken cancellation) =>
        store.ReadAsync<FunctionHoldings>(async () =>
        {
            var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(user);
            var lengths = await ReadLengthsAsync(Schema, generation).ConfigureAwait(false);
            return new FunctionHoldings(lengths.Count, lengths.Values.Sum());
        });

    public Task<Result<UsagePage>> ListAsync(UsageQuery query, CancellationToken cancellation) =>
        store.ReadAsync<UsagePage>(async () =>
        {
            var generation = await store.Bindings.ReadOpenAsync(query.User).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(query.User);
            var rows = await store.Ledger.SumAllAsync(generation, (query.FirstDay, query.LastDay)).ConfigureAwait(false);
            var names = query.ByFunction ? await ReadNamesAsync(generation, cancellation).ConfigureAwait(false) : [];
            var sums = rows.GroupBy(row => new UsageKey(query.ByDay ? row.Day : 0, query.ByFunction ? names[row.Function] : ""))
                .Select(Sum).Where(sum => query.After is not { } after || Compare(sum.Key, after) > 0).ToList();
            sums.Sort((left, right) => Compare(left.Key, right.Key));
            return new UsagePage(generation, [.. sums.Take(UsageQuery.PageMax)], sums.Count > UsageQuery.PageMax);
        });

    /// <summary>The names of a generation's functions, deleted ones too: they have been billed.</summary>
    private async Task<Dictionary<long, string>> ReadNamesAsync(long generation, CancellationToken cancellation)
    {
        var functions = await Schema.Functions.Find(new BsonDocument("gen", generation))
            .Project<BsonDocument>(new BsonDocument { ["fn"] = 1, ["name"] = 1 }).ToListAsync(cancellation).ConfigureAwait(false);
        return functions.ToDictionary(function => function.Long("fn"), function => function.Text("name")!);
    }

    private static UsageSum Sum(IGrouping<UsageKey, LedgerSum> rows) => new(
        rows.Key, rows.Sum(row => row.Invocations), Documents.Span(rows.Sum(row => row.QueuedUs)),
        Documents.Span(rows.Sum(row => row.ColdUs)), Documents.Span(rows.Sum(row => row.CpuUs)), Documents.Span(rows.Sum(row => row.WallUs)));

    private static int Compare(UsageKey left, UsageKey right) => left.Day != right.Day
        ? left.Day.CompareTo(right.Day)
        : string.CompareOrdinal(left.Function, right.Function);

    /// <summary>The lengths of the current sources of a generation's functions, by the functions' ids.</summary>
    public static async Task<Dictionary<ObjectId, long>> ReadLengthsAsync(Schema schema, long generation)
    {
        var functions = await schema.Functions.Find(new BsonDocument { ["gen"] = generation, ["deleted"] = false })
            .Project<BsonDocument>(new BsonDocument { ["hash"] = 1, ["bytes"] = 1 }).ToListAsync().ConfigureAwait(false);
        // What an older release registered does not say how long it is.
        var silent = functions.FindAll(function => !function.Contains("bytes"));
        var sources = await schema.Sources.FindAllAsync(
            [.. silent.Select(function => Ids.Source(new SourceHash(function.Text("hash")!))).Distinct()])
            .ConfigureAwait(false);
        var lengths = sources.ToDictionary(source => source.Text("hash")!, source => source.Bytes("source")?.LongLength ?? 0);
        return functions.ToDictionary(
            function => function["_id"].AsObjectId,
            function => function.Contains("bytes")
                ? function.Long("bytes")
                : lengths.GetValueOrDefault(function.Text("hash")!));
    }

    /// <summary>
    /// Learns the names of generations from their functions: nothing is billed or kept without one, and functions are
    /// never removed.
    /// </summary>
    private async Task LearnAsync(IEnumerable<long> generations, CancellationToken cancellation)
    {
        if (_names.Count > MaxNames) _names.Clear();
        var unknown = generations.Distinct().Where(generation => !_names.ContainsKey(generation));
        foreach (var step in unknown.Chunk(NamesStep))
        {
            var groups = await Schema.Functions.Aggregate()
                .Match(new BsonDocument("gen", new BsonDocument("$in", new BsonArray(step))))
                .Group<BsonDocument>(new BsonDocument
                {
                    ["_id"] = "$gen", ["user"] = new BsonDocument("$first", "$user"),
                }).ToListAsync(cancellation).ConfigureAwait(false);
            foreach (var group in groups) _names[group.Long("_id")] = group.Text("user")!;
        }
    }

    private static ExecutedTime Add(ExecutedTime sum, DaySum row, long day) =>
        new(sum.DayUs + (row.Day == day ? row.WallUs : 0), sum.MonthUs + row.WallUs);
}
