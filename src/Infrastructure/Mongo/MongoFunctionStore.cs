using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Functions, versions and sources in MongoDB. Source, then version, then the function's document that makes it
/// current: a crash leaves what nothing refers to, and the one guarded update decides between two registrations.
/// </summary>
internal sealed class MongoFunctionStore(MongoStore store) : IFunctionStore
{
    private const int MaxRaces = 100;
    private const int PageStep = 16;

    private Schema Schema => store.Schema;

    public Task<Result<int>> RegisterAsync(
        string user, string function, byte[] source, long nowMs, FunctionBounds bounds, CancellationToken cancellation) =>
        store.WriteAsync<int>(
            async writing =>
            {
                var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
                if (generation == 0) return StoreErrors.NoUser(user);
                // Within the gate, and this process is the only one that serves: nobody registers in between.
                var lengths = await MongoUsageStore.ReadLengthsAsync(Schema, generation).ConfigureAwait(false);
                long? replaced = lengths.TryGetValue(Ids.Function(generation, function), out var length) ? length : null;
                var holds = new FunctionHoldings(lengths.Count, lengths.Values.Sum());
                if (bounds.Refuse(user, holds, replaced, source.LongLength) is { } refusal) return refusal;
                // A crash may have come between its deletion and this.
                if (replaced is null) await EraseBelongingsAsync(Ids.Function(generation, function), writing).ConfigureAwait(false);
                var hash = SourceHash.Of(source);
                await Schema.Sources.InsertMissingAsync([new BsonDocument
                {
                    ["_id"] = Ids.Source(hash), ["hash"] = hash.Text, ["source"] = source,
                }]).ConfigureAwait(false);
                var like = new BsonDocument
                {
                    ["gen"] = generation, ["user"] = user, ["name"] = function, ["hash"] = hash.Text, ["made"] = nowMs,
                    ["bytes"] = source.LongLength,
                };
                return await MakeCurrentAsync(like, writing).ConfigureAwait(false);
            },
            cancellation);

    public Task<Result<bool>> DeleteAsync(string user, string function, AuditNote note, CancellationToken cancellation) =>
        MongoAuditStore.DoAsync<bool>(
            store, note, async writing =>
            {
                var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
                if (generation == 0) return StoreErrors.NoUser(user);
                store.Bindings.ForgetFunction(generation, function);
                var existed = await UpdateAsync(
                    new BsonDocument { ["_id"] = Ids.Function(generation, function), ["deleted"] = false },
                    new BsonDocument("deleted", true), writing).ConfigureAwait(false);
                await EraseBelongingsAsync(Ids.Function(generation, function), writing).ConfigureAwait(false);
                return new Audited<bool>(existed, existed);
            },
            cancellation);

    public Task<Result<FunctionSource>> FindAsync(string user, string function, CancellationToken cancellation) =>
        store.ReadAsync<FunctionSource>(async () =>
        {
            var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(user);
            var found = await Schema.Functions.FindAllAsync([Ids.Function(generation, function)]).ConfigureAwait(false);
            found.RemoveAll(document => document.Flag("deleted"));
            if (found.Count == 0) return StoreErrors.NoFunction(user, function);
            return (await WithSourcesAsync(found).ConfigureAwait(false))[0];
        });

    public Task<Result<FunctionPage>> ListAsync(
        string user, string after, int maxRows, int maxBytes, CancellationToken cancellation) =>
        store.ReadAsync<FunctionPage>(async () =>
        {
            var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(user);
            var found = await Schema.Functions.Find(new BsonDocument { ["gen"] = generation, ["deleted"] = false })
                .Project<BsonDocument>(new BsonDocument { ["name"] = 1, ["number"] = 1, ["hash"] = 1 })
                .ToListAsync(cancellation).ConfigureAwait(false);
            // Sorted here: by the bytes, as everywhere, and not by what a server takes for the order of letters.
            found.RemoveAll(function => string.CompareOrdinal(function.Text("name"), after) <= 0);
            found.Sort((left, right) => string.CompareOrdinal(left.Text("name"), right.Text("name")));
            return await PageAsync(generation, found, maxRows, maxBytes).ConfigureAwait(false);
        });

    public Task<Result<byte[]>> ReadSourceAsync(SourceHash hash, CancellationToken cancellation) =>
        store.ReadAsync<byte[]>(async () =>
        {
            var found = await Schema.Sources.Find(Documents.ById(Ids.Source(hash))).FirstOrDefaultAsync(cancellation)
                .ConfigureAwait(false);
            return found?.Text("hash") == hash.Text && found.Bytes("source") is { } source
                ? source
                : Result<byte[]>.Fail(ErrorCode.VersionNotFound, $"There is no source {hash.Text}.");
        });

    /// <summary>Reads sources a few at a time, so that what is read beyond the page is not much.</summary>
    private async Task<FunctionPage> PageAsync(long generation, List<BsonDocument> found, int maxRows, int maxBytes)
    {
        var page = new List<FunctionSource>();
        long bytes = 0;
        for (var at = 0; at < found.Count && page.Count < maxRows; at += PageStep)
        {
            var step = found.GetRange(at, Math.Min(PageStep, found.Count - at));
            foreach (var function in await WithSourcesAsync(step).ConfigureAwait(false))
            {
                bytes += function.Source.Length;
                if (page.Count == maxRows || (page.Count > 0 && bytes > maxBytes))
                    return new FunctionPage(generation, page, true);
                page.Add(function);
            }
        }
        return new FunctionPage(generation, page, page.Count < found.Count);
    }

    /// <summary>Makes the source current under the next number, unless it is current already.</summary>
    private async Task<int> MakeCurrentAsync(BsonDocument like, Writing writing)
    {
        var key = Ids.Function(like.Long("gen"), like.Text("name")!);
        for (var race = 0; race < MaxRaces; race++)
        {
            store.Bindings.ForgetFunction(like.Long("gen"), like.Text("name")!);
            var current = await Schema.Functions.Find(Documents.ById(key)).FirstOrDefaultAsync().ConfigureAwait(false);
            if (current is not null && current.Text("hash") == like.Text("hash"))
            {
                if (!current.Flag("deleted")) return current.Int("number");
                var restored = await UpdateAsync(Guard(current), new BsonDocument("deleted", false), writing)
                    .ConfigureAwait(false);
                if (restored) return current.Int("number");
                continue;
            }
            var version = await AddVersionAsync(current, like).ConfigureAwait(false);
            var next = new BsonDocument(version) { ["_id"] = key, ["deleted"] = false };
            var done = current is null
                ? await InsertAsync(next, writing).ConfigureAwait(false)
                : await UpdateAsync(Guard(current), Without(next, "_id"), writing).ConfigureAwait(false);
            if (done) return version.Int("number");
        }
        throw new MongoException($"The function '{like.Text("name")}' is changed by too many at once.");
    }

    private async Task<BsonDocument> AddVersionAsync(BsonDocument? current, BsonDocument like)
    {
        var id = await Schema.NextAsync(Schema.VersionNumber).ConfigureAwait(false);
        var function = current?.Long("fn") ?? await Schema.NextAsync(Schema.Function).ConfigureAwait(false);
        var version = new BsonDocument(like)
        {
            ["_id"] = Ids.Version(id), ["version"] = id, ["fn"] = function,
            // The current version need not be the newest one: there is a way back to older ones.
            ["number"] = Math.Max(current?.Int("number") ?? 0, current?.Int(MongoVersionStore.Last) ?? 0) + 1,
        };
        await Schema.Versions.InsertMissingAsync([version]).ConfigureAwait(false);
        return version;
    }

    private async Task EraseBelongingsAsync(ObjectId function, Writing writing)
    {
        var found = await Schema.Functions.Find(Documents.ById(function)).FirstOrDefaultAsync().ConfigureAwait(false);
        if (found is null) return;
        await writing.SendAsync(() => MongoConfigStore.EraseAsync(Schema, found.Long("fn"))).ConfigureAwait(false);
        await writing.SendAsync(() => Schema.Schedules.DeleteOneAsync(Documents.ById(Ids.Schedule(found.Long("fn")))))
            .ConfigureAwait(false);
    }

    private async Task<bool> InsertAsync(BsonDocument function, Writing writing)
    {
        var there = await writing.SendAsync(() => Schema.Functions.InsertMissingAsync([function]))
            .ConfigureAwait(false);
        return there.Count == 0;
    }

    private async Task<bool> UpdateAsync(BsonDocument filter, BsonDocument set, Writing writing) =>
        await writing.SendAsync(() => Schema.Functions.WriteAllAsync(
            [new UpdateOneModel<BsonDocument>(filter, new BsonDocument("$set", set))])).ConfigureAwait(false) > 0;

    private async Task<FunctionSource[]> WithSourcesAsync(List<BsonDocument> functions)
    {
        var keys = functions.Select(function => Ids.Source(new SourceHash(function.Text("hash")!))).Distinct();
        var sources = (await Schema.Sources.FindAllAsync([.. keys]).ConfigureAwait(false))
            .ToDictionary(source => source.Text("hash")!, source => source.Bytes("source") ?? []);
        return [.. functions.Select(function => new FunctionSource(
            function.Text("name")!, function.Int("number"), sources[function.Text("hash")!]))];
    }

    private static BsonDocument Guard(BsonDocument function) =>
        new() { ["_id"] = function["_id"], ["number"] = function.Int("number") };

    private static BsonDocument Without(BsonDocument document, string field)
    {
        document.Remove(field);
        return document;
    }
}
