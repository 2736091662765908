using System.Security.Cryptography;
using FaaS.Application.Messaging;
using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>The collections, the counters and the indexes. <c>docs/mongodb.md</c> shows each.</summary>
internal sealed class Schema(IMongoDatabase database)
{
    /// <summary>The version this code reads and writes.</summary>
    public const int Version = 1;

    /// <summary>The names of the counters.</summary>
    public const string Epoch = "epoch", Generation = "generation", Function = "function", VersionNumber = "version",
        Sequence = "sequence", Decision = "decision", AuditEntry = "audit";

    /// <summary>The order of all jobs.</summary>
    public static BsonDocument JobsInOrder { get; } = new(JobDocument.Sequence, 1);

    /// <summary>An owner's jobs.</summary>
    public static BsonDocument JobsOfOwner { get; } = new() { [JobDocument.Generation] = 1, [JobDocument.Sequence] = 1 };

    /// <summary>A function's jobs.</summary>
    public static BsonDocument JobsOfFunction { get; } = new() { [JobDocument.Function] = 1, [JobDocument.Sequence] = 1 };

    /// <summary>An owner's jobs that have not ended.</summary>
    public static BsonDocument JobsWaiting { get; } = new()
    {
        [JobDocument.Generation] = 1, [JobDocument.Ended] = 1, [JobDocument.Sequence] = 1,
    };

    /// <summary>An owner's jobs that ended and did not succeed, by state.</summary>
    public static BsonDocument JobsUnsuccessful { get; } = new()
    {
        [JobDocument.Generation] = 1, [JobDocument.State] = 1, [JobDocument.Sequence] = 1,
    };

    private const string SchemaName = "schema", LeaseKeyName = "lease_key";

    public IMongoCollection<BsonDocument> Meta { get; } = Get(database, "meta");

    public IMongoCollection<BsonDocument> Users { get; } = Get(database, "users");

    public IMongoCollection<BsonDocument> Functions { get; } = Get(database, "functions");

    public IMongoCollection<BsonDocument> Versions { get; } = Get(database, "versions");

    public IMongoCollection<BsonDocument> Sources { get; } = Get(database, "sources");

    public IMongoCollection<BsonDocument> Jobs { get; } = Get(database, "jobs");

    public IMongoCollection<BsonDocument> Payloads { get; } = Get(database, "payloads");

    public IMongoCollection<BsonDocument> PayloadBytes { get; } = Get(database, "payload_bytes");

    public IMongoCollection<BsonDocument> Ledger { get; } = Get(database, "ledger");

    public IMongoCollection<BsonDocument> LedgerDays { get; } = Get(database, "ledger_days");

    public IMongoCollection<BsonDocument> Decisions { get; } = Get(database, "decisions");

    public IMongoCollection<BsonDocument> Keys { get; } = Get(database, "keys");

    public IMongoCollection<BsonDocument> Quotas { get; } = Get(database, "quotas");

    public IMongoCollection<BsonDocument> Configs { get; } = Get(database, "configs");

    public IMongoCollection<BsonDocument> Schedules { get; } = Get(database, "schedules");

    public IMongoCollection<BsonDocument> Audit { get; } = Get(database, "audit");

    /// <summary>Makes what is missing; a database of a newer release is refused before anything is written.</summary>
    /// <exception cref="CompositionException">This release cannot use the database.</exception>
    public async Task PrepareAsync()
    {
        await CheckVersionAsync().ConfigureAwait(false);
        await Meta.InsertMissingAsync([
            new BsonDocument { ["_id"] = Ids.Meta(SchemaName), ["name"] = SchemaName, ["version"] = Version },
            Counter(Epoch), Counter(Generation), Counter(Function), Counter(VersionNumber), Counter(Sequence),
            Counter(Decision), Counter(AuditEntry),
            // Random, so that whoever comes first decides; all others read what was stored.
            new BsonDocument
            {
                ["_id"] = Ids.Meta(LeaseKeyName), ["name"] = LeaseKeyName,
                ["key"] = RandomNumberGenerator.GetBytes(LeaseSealer.KeySize),
            },
        ]).ConfigureAwait(false);
        // Two releases may have looked at once and found nothing: what counts is what was stored.
        await CheckVersionAsync().ConfigureAwait(false);
        await CreateIndexesAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The next number of a counter, or the last of the next ones; never given twice, though some may never be used.
    /// </summary>
    public async Task<long> NextAsync(string counter, int count = 1)
    {
        var document = await Meta.FindOneAndUpdateAsync(
            Documents.ById(Ids.Meta(counter)), Documents.Update.Inc("n", (long)count),
            new FindOneAndUpdateOptions<BsonDocument> { ReturnDocument = ReturnDocument.After }).ConfigureAwait(false);
        return document?.Long("n")
            ?? throw new MongoException($"The counter '{counter}' is gone from 'meta'; restore a backup.");
    }

    /// <summary>A counter as it stands.</summary>
    public async Task<long> ReadAsync(string counter)
    {
        var document = await Meta.Find(Documents.ById(Ids.Meta(counter))).FirstOrDefaultAsync().ConfigureAwait(false);
        return document?.Long("n") ?? 0;
    }

    /// <summary>The key that leases are sealed with.</summary>
    public async Task<byte[]> ReadLeaseKeyAsync()
    {
        var document = await Meta.Find(Documents.ById(Ids.Meta(LeaseKeyName))).FirstOrDefaultAsync().ConfigureAwait(false);
        return document?["key"].AsByteArray
            ?? throw new MongoException($"'{LeaseKeyName}' is gone from 'meta'; restore a backup.");
    }

    private static IMongoCollection<BsonDocument> Get(IMongoDatabase database, string name) =>
        database.GetCollection<BsonDocument>(name);

    private static BsonDocument Counter(string name) =>
        new() { ["_id"] = Ids.Meta(name), ["name"] = name, ["n"] = 0L };

    private async Task CheckVersionAsync()
    {
        var found = await Meta.Find(Documents.ById(Ids.Meta(SchemaName))).FirstOrDefaultAsync().ConfigureAwait(false);
        if (found is null) return;
        var version = found.Long("version");
        if (version > Version)
            throw new CompositionException(
                $"The database '{database.DatabaseNamespace.DatabaseName}' was written by a newer release (version "
                + $"{version}; this one knows {Version}). Use that release, or another database. Nothing was changed.");
        if (version < 1)
            throw new CompositionException(
                $"The database '{database.DatabaseNamespace.DatabaseName}' has no readable schema version, so it is "
                + "damaged or another program's. Restore a backup, or use another database. Nothing was changed.");
    }

    private async Task CreateIndexesAsync()
    {
        // The order of all jobs; unique so that two jobs never have one place, whatever the queue does.
        await CreateAsync(Jobs, JobsInOrder, unique: true).ConfigureAwait(false);
        // Lists of jobs: everything of an owner, or of a function; and what waits, or failed, which is little of it.
        await CreateAsync(Jobs, JobsOfOwner).ConfigureAwait(false);
        await CreateAsync(Jobs, JobsOfFunction).ConfigureAwait(false);
        await CreateAsync(Jobs, JobsWaiting, new BsonDocument(JobDocument.Ended, 0L)).ConfigureAwait(false);
        await CreateAsync(
            Jobs, JobsUnsuccessful, new BsonDocument(JobDocument.State, new BsonDocument("$gt", (int)JobState.Succeeded)))
            .ConfigureAwait(false);
        // Unfinished jobs in order (ended is 0), and finished ones by age, for retention.
        await CreateAsync(Jobs, new BsonDocument { ["ended"] = 1, ["seq"] = 1 }).ConfigureAwait(false);
        // What was submitted with an idempotency key: few among many, as a rule.
        await CreateAsync(
            Jobs, new BsonDocument { ["gen"] = 1, ["key"] = 1 }, new BsonDocument("key", new BsonDocument("$exists", true)), unique: true)
            .ConfigureAwait(false);
        // What a crash left half done: empty but for what is under way.
        await CreateAsync(
            Jobs, new BsonDocument { ["settled"] = 1, ["_id"] = 1 }, new BsonDocument("settled", false))
            .ConfigureAwait(false);
        // Deleted jobs whose row is still there.
        await CreateAsync(
            Jobs, new BsonDocument { ["hidden"] = 1, ["ended"] = 1 }, new BsonDocument("hidden", true))
            .ConfigureAwait(false);
        // Bodies that no job refers to.
        await CreateAsync(
            Payloads, new BsonDocument("stored", 1), new BsonDocument("claimed", false)).ConfigureAwait(false);
        // An owner's time, and everybody's by day, read from the index alone.
        await CreateAsync(Ledger, new BsonDocument { ["gen"] = 1, ["day"] = 1, ["wall"] = 1 }).ConfigureAwait(false);
        await CreateAsync(LedgerDays, new BsonDocument("gen", 1)).ConfigureAwait(false);
        // An owner's functions.
        await CreateAsync(Functions, new BsonDocument("gen", 1)).ConfigureAwait(false);
        // A function's versions.
        await CreateAsync(Versions, new BsonDocument { ["fn"] = 1, ["number"] = 1 }).ConfigureAwait(false);
        // A name's generations.
        await CreateAsync(Functions, new BsonDocument { ["user"] = 1, ["gen"] = 1 }).ConfigureAwait(false);
        // Users with closed generations whose jobs may not have ended.
        await CreateAsync(
            Users, new BsonDocument("hasClosed", 1), new BsonDocument("hasClosed", true)).ConfigureAwait(false);
        // What is configured, by owner, and in the order of the functions' ids.
        await CreateAsync(Configs, new BsonDocument("gen", 1)).ConfigureAwait(false);
        await CreateAsync(Configs, new BsonDocument("fn", 1)).ConfigureAwait(false);
        // Schedules by owner, and those that are due.
        await CreateAsync(Schedules, new BsonDocument("gen", 1)).ConfigureAwait(false);
        await CreateAsync(Schedules, new BsonDocument { ["next"] = 1, ["fn"] = 1 }).ConfigureAwait(false);
        // An owner's keys.
        await CreateAsync(Keys, new BsonDocument("gen", 1)).ConfigureAwait(false);
        // The audit log by place, of a user and of an action; and by age, for retention.
        await CreateAsync(Audit, new BsonDocument("n", 1), unique: true).ConfigureAwait(false);
        await CreateAsync(Audit, new BsonDocument { ["user"] = 1, ["n"] = 1 }).ConfigureAwait(false);
        await CreateAsync(Audit, new BsonDocument { ["action"] = 1, ["n"] = 1 }).ConfigureAwait(false);
        await CreateAsync(Audit, new BsonDocument("at", 1)).ConfigureAwait(false);
        // The log of decisions by place, and the changes among them.
        await CreateAsync(Decisions, new BsonDocument("n", 1), unique: true).ConfigureAwait(false);
        await CreateAsync(
            Decisions, new BsonDocument { ["change"] = 1, ["n"] = 1 }, new BsonDocument("change", true))
            .ConfigureAwait(false);
    }

    private static Task<string> CreateAsync(
        IMongoCollection<BsonDocument> collection, BsonDocument keys, BsonDocument? partial = null, bool unique = false)
    {
        var options = new CreateIndexOptions<BsonDocument>();
        if (unique) options.Unique = true;
        if (partial is not null) options.PartialFilterExpression = partial;
        return collection.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(keys, options));
    }
}
