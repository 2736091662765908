using FaaS.Application.Db;
using FaaS.Domain;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Users and their generations in MongoDB. A user is one document for all its generations, so that opening one and
/// closing the one before is one guarded update; that a generation is closed is nowhere written but follows from the
/// user's document naming another.
/// </summary>
internal sealed class MongoUserStore(MongoStore store) : IUserStore
{
    private const int MaxRaces = 100;

    private const string Generation = "gen", Closed = "closed", HasClosed = "hasClosed";

    private Schema Schema => store.Schema;

    /// <summary>The key is written first: it is valid from the moment on that the user's document names its generation.</summary>
    public Task<Result<UserRegistration>> RegisterAsync(
        string user, NewKey? firstKey, AuditNote note, CancellationToken cancellation) =>
        MongoAuditStore.DoAsync<UserRegistration>(
            store, note, async writing =>
            {
                var generation = await Schema.NextAsync(Schema.Generation).ConfigureAwait(false);
                if (firstKey is not null
                    && !await MongoKeyStore.InsertAsync(Schema, user, generation, firstKey, note.AtMs, writing).ConfigureAwait(false))
                    return StoreErrors.KeyTaken();
                return Switched(await SwitchAsync(user, generation, note.AtMs, writing).ConfigureAwait(false));
            },
            cancellation);

    public Task<Result<UserRegistration>> CloseAsync(string user, AuditNote note, CancellationToken cancellation) =>
        MongoAuditStore.DoAsync(
            store, note, async writing => Switched(await SwitchAsync(user, 0, 0, writing).ConfigureAwait(false)), cancellation);

    public Task<Result<TimeSpan>> SumWallTimeAsync(string user, CancellationToken cancellation) =>
        store.ReadAsync<TimeSpan>(async () =>
        {
            var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(user);
            return Documents.Span(await store.Ledger.SumWallUsAsync(generation).ConfigureAwait(false));
        });

    public Task<Result<IReadOnlyList<long>>> ListClosedWithJobsAsync(CancellationToken cancellation) =>
        store.ReadAsync(async () =>
        {
            // In this order: a generation that is closed in the first answer has all its jobs in the second.
            var users = await Schema.Users.Find(new BsonDocument(HasClosed, true)).ToListAsync(cancellation)
                .ConfigureAwait(false);
            if (users.Count == 0) return Result<IReadOnlyList<long>>.Ok([]);
            var withJobs = await FindWithJobsAsync(users.SelectMany(ClosedOf), cancellation).ConfigureAwait(false);
            // A closed generation gets no new jobs, so what was seen without stays without: it is not asked again.
            await Schema.Users.WriteAllAsync([.. users.SelectMany(user => Forget(user, withJobs))])
                .ConfigureAwait(false);
            return Result<IReadOnlyList<long>>.Ok([.. withJobs.Order()]);
        });

    private static Audited<UserRegistration> Switched(UserRegistration done) => new(
        done, done is not { Generation: 0, ClosedGeneration: 0 }, AuditTexts.Generation(done.ClosedGeneration),
        AuditTexts.Generation(done.Generation));

    /// <summary>Opens a generation, or none, and closes the one that is open, as one update.</summary>
    private async Task<UserRegistration> SwitchAsync(string user, long generation, long nowMs, Writing writing)
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            store.Bindings.ForgetUser(user);
            var found = await Schema.Users.Find(Documents.ById(Ids.User(user))).FirstOrDefaultAsync()
                .ConfigureAwait(false);
            var open = found?.Long(Generation) ?? 0;
            if (open == 0 && generation == 0) return new UserRegistration(0, 0);
            var done = found is null
                ? await InsertAsync(user, generation, nowMs, writing).ConfigureAwait(false)
                : await ReplaceAsync(user, open, generation, nowMs, writing).ConfigureAwait(false);
            if (!done) continue;
            // They are not valid any more; that they are gone as well is only tidy.
            if (open != 0) await ForgetBelongingsAsync(open).ConfigureAwait(false);
            return new UserRegistration(generation, open);
        }
        throw new MongoException($"The user '{user}' is changed by too many at once.");
    }

    private async Task ForgetBelongingsAsync(long generation)
    {
        try
        {
            await Schema.Keys.DeleteManyAsync(new BsonDocument(Generation, generation)).ConfigureAwait(false);
            await Schema.Configs.DeleteManyAsync(new BsonDocument(Generation, generation)).ConfigureAwait(false);
            await Schema.Schedules.DeleteManyAsync(new BsonDocument(Generation, generation)).ConfigureAwait(false);
        }
        catch (Exception error) when (error is MongoException or TimeoutException)
        {
            // The user is switched, which must not be taken back for this.
        }
    }

    private async Task<bool> InsertAsync(string user, long generation, long nowMs, Writing writing)
    {
        var there = await writing.SendAsync(() => Schema.Users.InsertMissingAsync([new BsonDocument
        {
            ["_id"] = Ids.User(user), ["name"] = user, [Generation] = generation, ["opened"] = nowMs,
            [Closed] = new BsonArray(), [HasClosed] = false,
        }])).ConfigureAwait(false);
        return there.Count == 0;
    }

    private async Task<bool> ReplaceAsync(string user, long open, long generation, long nowMs, Writing writing)
    {
        var set = new BsonDocument { [Generation] = generation };
        if (generation != 0) set["opened"] = nowMs;
        var update = new BsonDocument("$set", set);
        if (open != 0)
        {
            set[HasClosed] = true;
            update["$push"] = new BsonDocument(Closed, open);
        }
        var matched = await writing.SendAsync(() => Schema.Users.WriteAllAsync([new UpdateOneModel<BsonDocument>(
            new BsonDocument { ["_id"] = Ids.User(user), [Generation] = open }, update)])).ConfigureAwait(false);
        return matched > 0;
    }

    private async Task<HashSet<long>> FindWithJobsAsync(IEnumerable<long> generations, CancellationToken cancellation)
    {
        var groups = await Schema.Jobs.Aggregate()
            .Match(new BsonDocument
            {
                [JobDocument.Ended] = 0L,
                [JobDocument.Generation] = new BsonDocument("$in", new BsonArray(generations)),
            })
            .Group<BsonDocument>(new BsonDocument("_id", "$" + JobDocument.Generation)).ToListAsync(cancellation)
            .ConfigureAwait(false);
        return [.. groups.Select(group => group.Long("_id"))];
    }

    private static IEnumerable<long> ClosedOf(BsonDocument user) =>
        user[Closed].AsBsonArray.Select(generation => generation.ToInt64());

    /// <summary>The flag falls only if the list is what it was: a generation may have been closed meanwhile.</summary>
    private static IEnumerable<WriteModel<BsonDocument>> Forget(BsonDocument user, HashSet<long> withJobs)
    {
        var left = new BsonArray(ClosedOf(user).Where(withJobs.Contains));
        if (left.Count == user[Closed].AsBsonArray.Count) yield break;
        yield return new UpdateOneModel<BsonDocument>(
            new BsonDocument { ["_id"] = user["_id"], [Closed] = user[Closed] },
            new BsonDocument("$set", new BsonDocument { [Closed] = left, [HasClosed] = left.Count > 0 }));
    }
}
