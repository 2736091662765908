using FaaS.Application.Db;
using FaaS.Domain;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// The audit log in MongoDB, under ids computed from the origins. An action's entry is there before the action, open and
/// with its outcome unknown; when the action has ended, the entry is completed, or removed if nothing came of it. A crash
/// in between leaves it open: the log then says that nobody knows.
/// </summary>
internal sealed class MongoAuditStore(MongoStore store) : IAuditStore
{
    private const int MaxRows = 500, CursorStep = 100;

    private const string Place = "n", At = "at", Action = "action", User = "user", Open = "open", Entry = "entry";

    private static readonly BsonDocument NewestFirst = new(Place, -1);

    private IMongoCollection<BsonDocument> Entries => store.Schema.Audit;

    /// <summary>Does something, alone, with an entry that is durable before it begins.</summary>
    /// <param name="store">The database.</param>
    /// <param name="note">What is known of it before.</param>
    /// <param name="work">What is done.</param>
    /// <param name="cancellation">Ends the wait for the turn.</param>
    public static Task<Result<T>> DoAsync<T>(
        MongoStore store, AuditNote note, Func<Writing, Task<Audited<T>>> work, CancellationToken cancellation) =>
        store.WriteAsync<T>(
            async writing =>
            {
                // Not by the action's own writes: that an entry was written does not make it unknown what was done.
                var isNew = await InsertAsync(store.Schema, [new AuditRecord(note, AuditOutcomes.Unknown)], open: true)
                    .ConfigureAwait(false) > 0;
                var end = await work(writing).ConfigureAwait(false);
                await CloseAsync(store, note, note.End(end), isNew).ConfigureAwait(false);
                return end.Result;
            },
            cancellation);

    public Task<Result<int>> AppendAsync(IReadOnlyList<AuditRecord> records, CancellationToken cancellation) =>
        store.WriteOpenlyAsync<int>(async writing =>
            await writing.SendAsync(() => InsertAsync(store.Schema, records, open: false)).ConfigureAwait(false));

    public Task<Result<AuditPage>> ListAsync(AuditQuery query, int maxChars, CancellationToken cancellation) =>
        store.ReadAsync<AuditPage>(async () =>
        {
            var page = new List<AuditEntry>();
            long chars = 0;
            using var cursor = await Entries.Find(Filter(query), new FindOptions { BatchSize = CursorStep })
                .Sort(NewestFirst).Limit(query.Max + 1).ToCursorAsync(cancellation).ConfigureAwait(false);
            while (await cursor.MoveNextAsync(cancellation).ConfigureAwait(false))
            {
                foreach (var document in cursor.Current)
                {
                    var text = document[Entry].AsString;
                    chars += text.Length;
                    if (page.Count == query.Max || (page.Count > 0 && chars > maxChars)) return new AuditPage(page, true);
                    page.Add(new AuditEntry(document.Long(Place), AuditRecord.Parse(text)));
                }
            }
            return new AuditPage(page, false);
        });

    public Task<Result<int>> SweepAsync(long beforeMs, CancellationToken cancellation) =>
        store.WriteOpenlyAsync<int>(async writing =>
        {
            var old = await Entries.Find(new BsonDocument(At, new BsonDocument("$lt", beforeMs))).Limit(MaxRows)
                .Project<BsonDocument>(new BsonDocument("_id", 1)).ToListAsync(cancellation).ConfigureAwait(false);
            if (old.Count == 0) return 0;
            var gone = await writing.SendAsync(() => Entries.DeleteManyAsync(
                Documents.ByIds(old.Select(entry => entry["_id"].AsObjectId)))).ConfigureAwait(false);
            return (int)gone.DeletedCount;
        });

    /// <summary>How many were not there before; places are taken first, and those of the others stay empty.</summary>
    private static async Task<int> InsertAsync(Schema schema, IReadOnlyList<AuditRecord> records, bool open)
    {
        var last = await schema.NextAsync(Schema.AuditEntry, records.Count).ConfigureAwait(false);
        var first = last - records.Count + 1;
        var there = await schema.Audit.InsertMissingAsync(
        [
            .. records.Select((record, at) => new BsonDocument
            {
                ["_id"] = Ids.Audit(record.Note.By.Id), [Place] = first + at, [At] = record.Note.AtMs,
                [Action] = record.Note.Action, [User] = record.Note.User, [Open] = open, [Entry] = record.ToText(),
            }),
        ]).ConfigureAwait(false);
        return records.Count - there.Count;
    }

    /// <summary>
    /// Says how an action ended. Of one that is repeated, what it did the first time is not forgotten because there was
    /// nothing left to do. If this fails the entry stays open, and the action is answered all the same: it was done.
    /// </summary>
    private static async Task CloseAsync(MongoStore store, AuditNote note, AuditRecord? record, bool isNew)
    {
        var open = new BsonDocument { ["_id"] = Ids.Audit(note.By.Id), [Open] = true };
        try
        {
            if (record is not null)
                await store.Schema.Audit.WriteAllAsync([new UpdateOneModel<BsonDocument>(
                    open, new BsonDocument("$set", new BsonDocument { [Open] = false, [Entry] = record.ToText() }))])
                    .ConfigureAwait(false);
            else if (isNew) await store.Schema.Audit.DeleteOneAsync(open).ConfigureAwait(false);
        }
        catch (Exception error) when (Faults.Is(error))
        {
            store.LogUnclosedEntry(note, error);
        }
    }

    private static BsonDocument Filter(AuditQuery query)
    {
        var filter = new BsonDocument();
        if (query.Before != 0) filter[Place] = new BsonDocument("$lt", query.Before);
        var times = new BsonDocument();
        if (query.FromMs != 0) times["$gte"] = query.FromMs;
        if (query.ToMs != 0) times["$lt"] = query.ToMs;
        if (times.ElementCount > 0) filter[At] = times;
        if (query.User is not null) filter[User] = query.User;
        if (query.Action is not null) filter[Action] = query.Action;
        return filter;
    }
}
