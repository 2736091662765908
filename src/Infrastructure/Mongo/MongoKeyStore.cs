using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Keys in MongoDB, under ids computed from theirs. A key belongs to a generation and is valid while that is its user's
/// open one, whatever is left in the collection.
/// </summary>
internal sealed class MongoKeyStore(MongoStore store) : IKeyStore
{
    private const string Id = "id", User = "user", Generation = "gen", Hash = "hash", Name = "name", Allowed = "scopes",
        Function = "fn", Created = "created", Expires = "expires", Used = "used";

    private IMongoCollection<BsonDocument> Keys => store.Schema.Keys;

    public Task<Result<KeyRecord>> AddAsync(
        string user, NewKey key, int max, AuditNote note, CancellationToken cancellation) => MongoAuditStore.DoAsync<KeyRecord>(
        store, note, async writing =>
        {
            var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(user);
            if (await Keys.Find(Documents.ById(Ids.Key(key.Id))).FirstOrDefaultAsync().ConfigureAwait(false) is { } known)
                return known.Long(Generation) == generation && known.Bytes(Hash).AsSpan().SequenceEqual(key.Hash)
                    ? new Audited<KeyRecord>(Record(known), false)
                    : StoreErrors.KeyTaken();
            if (await Keys.CountDocumentsAsync(new BsonDocument(Generation, generation)).ConfigureAwait(false) >= max)
                return StoreErrors.TooManyKeys(user, max);
            return await InsertAsync(store.Schema, user, generation, key, note.AtMs, writing).ConfigureAwait(false)
                ? new Audited<KeyRecord>(new KeyRecord(user, generation, key, note.AtMs, 0), true)
                : StoreErrors.KeyTaken();
        },
        cancellation);

    public Task<Result<KeyRecord>> FindAsync(string id, CancellationToken cancellation) =>
        store.ReadAsync<KeyRecord>(async () =>
        {
            var found = await Keys.Find(Documents.ById(Ids.Key(id))).FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
            if (found is null) return StoreErrors.NoKey(id);
            var open = await store.Bindings.ReadOpenAsync(found.Text(User)!).ConfigureAwait(false);
            return open == found.Long(Generation) ? Record(found) : StoreErrors.NoKey(id);
        });

    public Task<Result<IReadOnlyList<KeyRecord>>> ListAsync(string user, CancellationToken cancellation) =>
        store.ReadAsync(async () =>
        {
            var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(user);
            var found = await Keys.Find(new BsonDocument(Generation, generation)).ToListAsync(cancellation)
                .ConfigureAwait(false);
            return Result<IReadOnlyList<KeyRecord>>.Ok([.. found.Select(Record)
                .OrderBy(key => key.CreatedAtMs).ThenBy(key => key.Key.Id, StringComparer.Ordinal)]);
        });

    public Task<Result<bool>> RevokeAsync(string user, string id, AuditNote note, CancellationToken cancellation) =>
        MongoAuditStore.DoAsync<bool>(
            store, note, async writing =>
            {
                var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
                if (generation == 0) return StoreErrors.NoUser(user);
                var known = await Keys.Find(Documents.ById(Ids.Key(id))).FirstOrDefaultAsync().ConfigureAwait(false);
                if (known?.Long(Generation) != generation) return new Audited<bool>(false, false);
                var gone = await writing.SendAsync(() => Keys.DeleteOneAsync(
                    new BsonDocument { ["_id"] = Ids.Key(id), [Generation] = generation })).ConfigureAwait(false);
                return new Audited<bool>(gone.DeletedCount > 0, gone.DeletedCount > 0, AuditTexts.Key(Record(known).Key));
            },
            cancellation);

    /// <summary>Beside the commits: no job has to wait for it.</summary>
    public Task<Result<bool>> NoteUsesAsync(IReadOnlyList<KeyUse> uses, CancellationToken cancellation) =>
        store.WriteOpenlyAsync<bool>(async writing =>
        {
            await writing.SendAsync(() => Keys.WriteAllAsync([.. uses.Select(use => new UpdateOneModel<BsonDocument>(
                Documents.ById(Ids.Key(use.Id)), new BsonDocument("$max", new BsonDocument(Used, use.AtMs))))]))
                .ConfigureAwait(false);
            return true;
        });

    /// <summary>Whether it is stored now; not where its id is taken.</summary>
    public static async Task<bool> InsertAsync(
        Schema schema, string user, long generation, NewKey key, long nowMs, Writing writing)
    {
        var document = new BsonDocument
        {
            ["_id"] = Ids.Key(key.Id), [Id] = key.Id, [User] = user, [Generation] = generation,
            [Hash] = new BsonBinaryData(key.Hash), [Name] = key.Name, [Allowed] = (int)key.Scopes,
            [Created] = nowMs, [Expires] = key.ExpiresAtMs, [Used] = 0L,
        };
        if (key.Function is not null) document[Function] = key.Function;
        var there = await writing.SendAsync(() => schema.Keys.InsertMissingAsync([document])).ConfigureAwait(false);
        return there.Count == 0;
    }

    private static KeyRecord Record(BsonDocument document) => new(
        document.Text(User)!, document.Long(Generation),
        new NewKey(
            document.Text(Id)!, document.Bytes(Hash)!, document.Text(Name)!, (Scopes)document.Int(Allowed),
            document.Text(Function), document.Long(Expires)),
        document.Long(Created), document.Long(Used));
}
