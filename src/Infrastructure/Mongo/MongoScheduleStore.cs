using FaaS.Application.Db;
using FaaS.Domain;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Schedules in MongoDB: a document a function that has one. A crash may leave one whose function is gone; so what is due
/// is held against the functions, and what has none is removed.
/// </summary>
internal sealed class MongoScheduleStore(MongoStore store) : IScheduleStore
{
    private const string Function = "fn", Generation = "gen", User = "user", Name = "name", Revision = "revision",
        Definition = "definition", Next = "next", Last = "last";

    private IMongoCollection<BsonDocument> Schedules => store.Schema.Schedules;

    public Task<Result<Schedule>> PutAsync(
        string user, string function, ScheduleDefinition definition, long nextAtMs, AuditNote note, CancellationToken cancellation) =>
        MongoAuditStore.DoAsync<Schedule>(
            store, note, async writing =>
            {
                var of = await FindFunctionAsync(user, function).ConfigureAwait(false);
                if (!of.IsOk) return of.Error;
                // Within the gate, and this process is the only one that serves: nobody sets it in between.
                var known = await ReadAsync(of.Value).ConfigureAwait(false);
                if (known is not null && known.Definition.IsLike(definition)) return new Audited<Schedule>(known, false);
                var next = new Schedule(of.Value, (known?.Revision ?? 0) + 1, definition, nextAtMs, known?.Last);
                await writing.SendAsync(() => Schedules.ReplaceOneAsync(
                    Documents.ById(Ids.Schedule(of.Value.FunctionId)), Document(next),
                    new ReplaceOptions { IsUpsert = true })).ConfigureAwait(false);
                return new Audited<Schedule>(next, true, known is null ? null : AuditTexts.Schedule(known.Definition));
            },
            cancellation);

    public Task<Result<Schedule?>> FindAsync(string user, string function, CancellationToken cancellation) =>
        store.ReadAsync(async () =>
        {
            var of = await FindFunctionAsync(user, function).ConfigureAwait(false);
            return of.IsOk ? Result<Schedule?>.Ok(await ReadAsync(of.Value).ConfigureAwait(false)) : of.Error;
        });

    public Task<Result<bool>> DeleteAsync(string user, string function, AuditNote note, CancellationToken cancellation) =>
        MongoAuditStore.DoAsync<bool>(
            store, note, async writing =>
            {
                var of = await FindFunctionAsync(user, function).ConfigureAwait(false);
                if (!of.IsOk) return of.Error;
                var deleted = await writing.SendAsync(
                    () => Schedules.DeleteOneAsync(Documents.ById(Ids.Schedule(of.Value.FunctionId)))).ConfigureAwait(false);
                return new Audited<bool>(deleted.DeletedCount > 0, deleted.DeletedCount > 0);
            },
            cancellation);

    public Task<Result<SchedulePage>> ListAsync(string user, string after, int max, CancellationToken cancellation) =>
        store.ReadAsync<SchedulePage>(async () =>
        {
            var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
            if (generation == 0) return StoreErrors.NoUser(user);
            var found = await Schedules.Find(new BsonDocument(Generation, generation)).ToListAsync(cancellation).ConfigureAwait(false);
            // Sorted here: by the bytes, as everywhere, and not by what a server takes for the order of letters.
            found.RemoveAll(schedule => string.CompareOrdinal(schedule.Text(Name), after) <= 0);
            found.Sort((left, right) => string.CompareOrdinal(left.Text(Name), right.Text(Name)));
            return new SchedulePage([.. found.Take(max).Select(Read)], found.Count > max);
        });

    public Task<Result<IReadOnlyList<Schedule>>> ListDueAsync(
        long nowMs, long afterMs, long afterFunction, int max, CancellationToken cancellation) =>
        store.ReadAsync(async () =>
        {
            var due = new List<Schedule>();
            for (var (ms, function) = (afterMs, afterFunction); due.Count < max;)
            {
                var found = await Schedules.Find(After(nowMs, ms, function)).Sort(new BsonDocument { [Next] = 1, [Function] = 1 })
                    .Limit(max - due.Count).ToListAsync(cancellation).ConfigureAwait(false);
                if (found.Count == 0) break;
                (ms, function) = (found[^1].Long(Next), found[^1].Long(Function));
                due.AddRange(await WithFunctionsAsync([.. found.Select(Read)]).ConfigureAwait(false));
            }
            return Result<IReadOnlyList<Schedule>>.Ok(due);
        });

    public Task<Result<int>> NoteAsync(IReadOnlyList<NotedRun> runs, CancellationToken cancellation) =>
        store.WriteAsync<int>(
            async writing => (int)await writing.SendAsync(() => Schedules.WriteAllAsync([.. runs.Select(MoveOn)]))
                .ConfigureAwait(false),
            cancellation);

    private static UpdateOneModel<BsonDocument> MoveOn(NotedRun run)
    {
        var set = new BsonDocument(Next, run.NextAtMs);
        if (run.Last is { } last) set[Last] = last.ToText();
        return new UpdateOneModel<BsonDocument>(
            new BsonDocument { ["_id"] = Ids.Schedule(run.FunctionId), [Revision] = run.Revision, [Next] = run.DueAtMs },
            new BsonDocument("$set", set));
    }

    private static BsonDocument After(long nowMs, long afterMs, long afterFunction) => new()
    {
        [Next] = new BsonDocument { ["$gte"] = afterMs, ["$lte"] = nowMs },
        ["$or"] = new BsonArray
        {
            new BsonDocument(Next, new BsonDocument("$gt", afterMs)),
            new BsonDocument(Function, new BsonDocument("$gt", afterFunction)),
        },
    };

    /// <summary>Those whose function is there, and its owner's generation open.</summary>
    private async Task<List<Schedule>> WithFunctionsAsync(List<Schedule> schedules)
    {
        var functions = (await store.Schema.Functions.FindAllAsync(
                [.. schedules.Select(schedule => Ids.Function(schedule.Of.Generation, schedule.Of.Function)).Distinct()])
            .ConfigureAwait(false)).Where(function => !function.Flag("deleted")).Select(function => function.Long(Function)).ToHashSet();
        var open = (await store.Schema.Users.FindAllAsync([.. schedules.Select(schedule => Ids.User(schedule.Of.User)).Distinct()])
            .ConfigureAwait(false)).Select(user => user.Long(Generation)).ToHashSet();
        var orphans = schedules.FindAll(schedule => !functions.Contains(schedule.Of.FunctionId) || !open.Contains(schedule.Of.Generation));
        if (orphans.Count > 0)
            await Schedules.DeleteManyAsync(Documents.ByIds(orphans.Select(orphan => Ids.Schedule(orphan.Of.FunctionId))))
                .ConfigureAwait(false);
        return schedules.FindAll(schedule => !orphans.Contains(schedule));
    }

    private async Task<Result<ConfiguredFunction>> FindFunctionAsync(string user, string function)
    {
        var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
        if (generation == 0) return StoreErrors.NoUser(user);
        var found = await store.Schema.Functions.Find(Documents.ById(Ids.Function(generation, function)))
            .FirstOrDefaultAsync().ConfigureAwait(false);
        if (found is null || found.Flag("deleted")) return StoreErrors.NoFunction(user, function);
        return new ConfiguredFunction(generation, found.Long(Function), user, function);
    }

    private async Task<Schedule?> ReadAsync(ConfiguredFunction of)
    {
        var found = await Schedules.Find(Documents.ById(Ids.Schedule(of.FunctionId))).FirstOrDefaultAsync().ConfigureAwait(false);
        return found is null ? null : Read(found);
    }

    private static Schedule Read(BsonDocument document) => new(
        new ConfiguredFunction(document.Long(Generation), document.Long(Function), document.Text(User)!, document.Text(Name)!),
        document.Long(Revision), ScheduleDefinition.Parse(document.Text(Definition)!), document.Long(Next),
        ScheduledRun.Parse(document.Text(Last)));

    private static BsonDocument Document(Schedule schedule)
    {
        var document = new BsonDocument
        {
            ["_id"] = Ids.Schedule(schedule.Of.FunctionId), [Function] = schedule.Of.FunctionId,
            [Generation] = schedule.Of.Generation, [User] = schedule.Of.User, [Name] = schedule.Of.Function,
            [Revision] = schedule.Revision, [Definition] = schedule.Definition.ToText(), [Next] = schedule.NextAtMs,
        };
        if (schedule.Last is { } last) document[Last] = last.ToText();
        return document;
    }
}
