using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// The versions of functions in MongoDB. A function's document has the fields of its current version, and the largest number
/// there ever was, so that the next registration's follows it wherever the function stands.
/// </summary>
internal sealed class MongoVersionStore(MongoStore store) : IVersionStore
{
    /// <summary>The largest number of a function's versions, where it is not the current one's.</summary>
    public const string Last = "last";

    private const string Function = "fn", Number = "number", Hash = "hash", Made = "made", Bytes = "bytes", Version = "version";

    private Schema Schema => store.Schema;

    public Task<Result<VersionPage>> ListAsync(
        string user, string function, int before, int max, CancellationToken cancellation) =>
        store.ReadAsync<VersionPage>(async () =>
        {
            var current = await FindFunctionAsync(user, function).ConfigureAwait(false);
            if (!current.IsOk) return current.Error;
            var match = new BsonDocument(Function, current.Value.Long(Function));
            if (before > 0) match[Number] = new BsonDocument("$lt", before);
            var found = await Schema.Versions.Find(match).Sort(new BsonDocument(Number, -1)).Limit(max + 1)
                .ToListAsync(cancellation).ConfigureAwait(false);
            var page = found.Take(max).ToList();
            var lengths = await ReadLengthsAsync(page).ConfigureAwait(false);
            return new VersionPage([.. page.Select((version, at) => Read(version, lengths[at], current.Value))], found.Count > max);
        });

    public Task<Result<VersionSource>> FindAsync(string user, string function, int number, CancellationToken cancellation) =>
        store.ReadAsync<VersionSource>(async () =>
        {
            var current = await FindFunctionAsync(user, function).ConfigureAwait(false);
            if (!current.IsOk) return current.Error;
            var version = await FindVersionAsync(current.Value, number).ConfigureAwait(false);
            if (version is null) return StoreErrors.NoVersion(user, function);
            var source = await Schema.Sources.Find(Documents.ById(Ids.Source(new SourceHash(version.Text(Hash)!))))
                .FirstAsync(cancellation).ConfigureAwait(false);
            var bytes = source.Bytes("source") ?? [];
            return new VersionSource(Read(version, bytes.LongLength, current.Value), bytes);
        });

    public Task<Result<bool>> RollbackAsync(
        string user, string function, int number, FunctionBounds bounds, AuditNote note, CancellationToken cancellation) =>
        MongoAuditStore.DoAsync<bool>(
            store, note, async writing =>
            {
                var found = await FindFunctionAsync(user, function).ConfigureAwait(false);
                if (!found.IsOk) return found.Error;
                var current = found.Value;
                var version = await FindVersionAsync(current, number).ConfigureAwait(false);
                if (version is null) return StoreErrors.NoVersion(user, function);
                if (current.Int(Number) == number) return new Audited<bool>(false, false);
                // Within the gate, and this process is the only one that serves: nobody registers in between.
                var generation = current.Long("gen");
                var held = await MongoUsageStore.ReadLengthsAsync(Schema, generation).ConfigureAwait(false);
                var bytes = (await ReadLengthsAsync([version]).ConfigureAwait(false))[0];
                var holds = new FunctionHoldings(held.Count, held.Values.Sum());
                if (bounds.Refuse(user, holds, held[current["_id"].AsObjectId], bytes) is { } refusal) return refusal;
                store.Bindings.ForgetFunction(generation, function);
                await writing.SendAsync(() => Schema.Functions.UpdateOneAsync(
                    Documents.ById(current["_id"].AsObjectId), new BsonDocument("$set", new BsonDocument
                    {
                        [Version] = version.Long(Version), [Number] = number, [Hash] = version.Text(Hash), [Made] = version.Long(Made),
                        [Bytes] = bytes, [Last] = Math.Max(current.Int(Last), current.Int(Number)),
                    }))).ConfigureAwait(false);
                return new Audited<bool>(true, true);
            },
            cancellation);

    private async Task<Result<BsonDocument>> FindFunctionAsync(string user, string function)
    {
        var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
        if (generation == 0) return StoreErrors.NoUser(user);
        var found = await Schema.Functions.Find(Documents.ById(Ids.Function(generation, function))).FirstOrDefaultAsync()
            .ConfigureAwait(false);
        if (found is null || found.Flag("deleted")) return StoreErrors.NoFunction(user, function);
        return found;
    }

    private async Task<BsonDocument?> FindVersionAsync(BsonDocument function, int number) => await Schema.Versions
        .Find(new BsonDocument { [Function] = function.Long(Function), [Number] = number }).FirstOrDefaultAsync()
        .ConfigureAwait(false);

    /// <summary>The lengths of sources; what an older release registered does not say how long it is.</summary>
    private async Task<List<long>> ReadLengthsAsync(IReadOnlyList<BsonDocument> versions)
    {
        var silent = versions.Where(version => !version.Contains(Bytes)).Select(version => version.Text(Hash)!).Distinct();
        var sources = (await Schema.Sources.FindAllAsync([.. silent.Select(hash => Ids.Source(new SourceHash(hash)))])
            .ConfigureAwait(false)).ToDictionary(source => source.Text(Hash)!, source => source.Bytes("source")?.LongLength ?? 0);
        return [.. versions.Select(version => version.Contains(Bytes) ? version.Long(Bytes) : sources[version.Text(Hash)!])];
    }

    private static FunctionVersion Read(BsonDocument version, long bytes, BsonDocument current) => new(
        version.Int(Number), new SourceHash(version.Text(Hash)!), bytes, version.Long(Made),
        version.Int(Number) == current.Int(Number));
}
