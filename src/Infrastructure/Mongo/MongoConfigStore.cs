using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>What is configured for functions in MongoDB: a document a function, replaced by one guarded write.</summary>
internal sealed class MongoConfigStore(MongoStore store) : IConfigStore
{
    private const string Function = "fn", Generation = "gen", User = "user", Name = "name", Revision = "revision", Config = "config";

    private const string Nothing = "{}";

    private IMongoCollection<BsonDocument> Configs => store.Schema.Configs;

    public Task<Result<FunctionConfig>> ChangeAsync(
        string user, string function, Func<FunctionConfig, Audited<FunctionConfig>> change, AuditNote note,
        CancellationToken cancellation) =>
        MongoAuditStore.DoAsync(
            store, note, async writing =>
            {
                var found = await ReadAsync(user, function).ConfigureAwait(false);
                if (!found.IsOk) return found.Error;
                var end = change(found.Value);
                if (!end.Result.IsOk || !end.Changed) return end;
                // Within the gate, and this process is the only one that serves: nobody configures it in between.
                store.Bindings.ForgetFunction(found.Value.Of.Generation, function);
                await writing.SendAsync(() => Configs.ReplaceOneAsync(
                    Documents.ById(Ids.Config(found.Value.Of.FunctionId)), Document(end.Result.Value),
                    new ReplaceOptions { IsUpsert = true })).ConfigureAwait(false);
                return end;
            },
            cancellation);

    public Task<Result<FunctionConfig>> FindAsync(string user, string function, CancellationToken cancellation) =>
        store.ReadAsync(() => ReadAsync(user, function));

    public Task<Result<FunctionConfig>> FindOfJobAsync(JobId job, CancellationToken cancellation) =>
        store.ReadAsync<FunctionConfig>(async () =>
        {
            var found = await store.Schema.Jobs.Find(Documents.ById(Ids.Of(job))).FirstOrDefaultAsync(cancellation)
                .ConfigureAwait(false);
            if (found is null || found.Flag(JobDocument.Hidden)) return StoreErrors.NoJob(job);
            var version = found.Long(JobDocument.Version);
            var versions = await store.Bindings.LoadVersionsAsync([version]).ConfigureAwait(false);
            var of = versions(version);
            return await ReadAsync(new ConfiguredFunction(of.Generation, of.FunctionId, of.User, of.Function))
                .ConfigureAwait(false);
        });

    public Task<Result<IReadOnlyList<FunctionConfig>>> ListAsync(long after, int max, CancellationToken cancellation) =>
        store.ReadAsync(async () =>
        {
            var found = await Configs.Find(Documents.Filter.Gt(Function, after)).Sort(new BsonDocument(Function, 1))
                .Limit(max).ToListAsync(cancellation).ConfigureAwait(false);
            return Result<IReadOnlyList<FunctionConfig>>.Ok([.. found.Select(document => Read(document, new ConfiguredFunction(
                document.Long(Generation), document.Long(Function), document.Text(User)!, document.Text(Name)!)))]);
        });

    public Task<Result<bool>> ResealAsync(FunctionConfig config, CancellationToken cancellation) =>
        store.WriteAsync<bool>(
            async writing => await writing.SendAsync(() => Configs.WriteAllAsync(
            [
                new ReplaceOneModel<BsonDocument>(
                    new BsonDocument { ["_id"] = Ids.Config(config.Of.FunctionId), [Revision] = config.Revision },
                    Document(config)),
            ])).ConfigureAwait(false) > 0,
            cancellation);

    /// <summary>Within the gate: a function is deleted, or comes back under a name that was deleted.</summary>
    public static Task<UpdateResult> EraseAsync(Schema schema, long function) => schema.Configs.UpdateOneAsync(
        new BsonDocument { ["_id"] = Ids.Config(function), [Config] = new BsonDocument("$ne", Nothing) },
        Documents.Update.Inc(Revision, 1L).Set(Config, Nothing));

    /// <summary>The policies of functions that have one, as they are stored, in at most one round trip.</summary>
    public static async Task<Dictionary<long, FunctionPolicy>> ReadPoliciesAsync(
        Schema schema, IEnumerable<long> functions, FunctionLimits defaults)
    {
        var ids = functions.Distinct().Select(Ids.Config).ToList();
        var found = await schema.Configs.FindAllAsync(ids).ConfigureAwait(false);
        var policies = new Dictionary<long, FunctionPolicy>();
        foreach (var document in found)
            if (FunctionConfig.PolicyOf(document.Long(Revision), document.Text(Config) ?? Nothing, defaults) is { } policy)
                policies[document.Long(Function)] = policy;
        return policies;
    }

    private async Task<Result<FunctionConfig>> ReadAsync(string user, string function)
    {
        var generation = await store.Bindings.ReadOpenAsync(user).ConfigureAwait(false);
        if (generation == 0) return StoreErrors.NoUser(user);
        var found = await store.Schema.Functions.Find(Documents.ById(Ids.Function(generation, function)))
            .FirstOrDefaultAsync().ConfigureAwait(false);
        if (found is null || found.Flag("deleted")) return StoreErrors.NoFunction(user, function);
        return await ReadAsync(new ConfiguredFunction(generation, found.Long(Function), user, function)).ConfigureAwait(false);
    }

    private async Task<FunctionConfig> ReadAsync(ConfiguredFunction of)
    {
        var found = await Configs.Find(Documents.ById(Ids.Config(of.FunctionId))).FirstOrDefaultAsync().ConfigureAwait(false);
        return found is null ? FunctionConfig.None(of) : Read(found, of);
    }

    private static FunctionConfig Read(BsonDocument document, ConfiguredFunction of) =>
        FunctionConfig.Parse(of, document.Long(Revision), document.Text(Config) ?? Nothing);

    private static BsonDocument Document(FunctionConfig config) => new()
    {
        ["_id"] = Ids.Config(config.Of.FunctionId), [Function] = config.Of.FunctionId, [Generation] = config.Of.Generation,
        [User] = config.Of.User, [Name] = config.Of.Function, [Revision] = config.Revision, [Config] = config.ToText(),
    };
}
