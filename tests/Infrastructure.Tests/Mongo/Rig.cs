using FaaS.Application.Db;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Stores;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>A database with a user and a function in it, seen past every store as well.</summary>
internal sealed class Rig : IAsyncDisposable
{
    public const long NowMs = 1_795_478_400_000;

    private readonly MongoClient _client;
    private readonly List<MongoStores> _stores = [];

    private Rig(string url)
    {
        Url = url;
        _client = new MongoClient(url);
        Database = _client.GetDatabase(MongoUrl.Create(url).DatabaseName);
    }

    public string Url { get; }

    public IMongoDatabase Database { get; }

    public static async Task<Rig> OpenAsync() => new((await MongoServer.NeedAsync()).NewUrl());

    public static JobId Id(long number) => new((ulong)number << 20, (uint)number);

    public static NewJob New(long number, Guid? payload = null) => new(number, new JobSubmission(
        Id(number), "ada", "add", payload is null ? Body.Of("[1,2]"u8.ToArray()) : new Body(null, payload), NowMs));

    public static JobEnd End(long number, int attempt = 1, Guid? payload = null) => new(
        Id(number), JobState.Succeeded, new AttemptCounts(attempt, 0, 0),
        new AttemptEnd(
            Outcome.Success, ResultKind.Json, payload is null ? Body.Of("3"u8.ToArray()) : new Body(null, payload),
            null, Body.Empty, Used(1_000)),
        NowMs + 1, NowMs + 2);

    public static JobRetry Retry(long number) => new(
        Id(number), new AttemptCounts(1, 1, 0), Used(10), NowMs + 5_000, NowMs + 1, NowMs + 2);

    public static JobCommit Commit(
        long epoch, NewJob[]? added = null, JobEnd[]? ended = null, JobRetry[]? retried = null,
        JobId[]? deleted = null) =>
        new(epoch, added ?? [], ended ?? [], retried ?? [], deleted ?? []);

    /// <summary>A store over this database that does not serve yet.</summary>
    public MongoStores NewStores(
        string? url = null, TimeProvider? time = null, TimeSpan? selection = null, TimeSpan? answer = null)
    {
        var stores = new MongoStores(url ?? Url, time, keepsDatabase: true, selection, answer);
        _stores.Add(stores);
        return stores;
    }

    /// <summary>A store that serves, with a user and a function.</summary>
    public async Task<MongoStores> ServeAsync(
        string? url = null, TimeProvider? time = null, TimeSpan? selection = null, TimeSpan? answer = null)
    {
        var stores = NewStores(url, time, selection, answer);
        await stores.Store.TurnAsync();
        stores.Store.Missing.Should().BeNull();
        await stores.Users.RegisterAsync("ada", NowMs, default);
        (await stores.Functions.RegisterAsync("ada", "add", "() => 1"u8.ToArray(), NowMs, FunctionBounds.None, default)).Error
            .Should().BeNull();
        return stores;
    }

    /// <summary>A store that serves after the one before died: what that one owned is free.</summary>
    public async Task<MongoStores> SucceedAsync()
    {
        await Collection("meta").DeleteManyAsync(new BsonDocument("name", "owner"));
        var stores = NewStores();
        await stores.Store.TurnAsync();
        stores.Store.Missing.Should().BeNull();
        return stores;
    }

    public IMongoCollection<BsonDocument> Collection(string name) => Database.GetCollection<BsonDocument>(name);

    public Task<List<BsonDocument>> AllAsync(string collection) =>
        Collection(collection).Find(new BsonDocument()).ToListAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var stores in _stores) await stores.DisposeAsync();
        await _client.DropDatabaseAsync(Database.DatabaseNamespace.DatabaseName);
        _client.Dispose();
    }

    private static ResourceUsage Used(long wallUs) => new(TimeSpan.FromMicroseconds(wallUs), default, default);
}
