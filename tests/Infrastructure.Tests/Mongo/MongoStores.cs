using FaaS.Application.Db;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Mongo;
using FaaS.Tests.Shared.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>A store over a database of its own, or over one that another store is over too.</summary>
internal sealed class MongoStores : OpenStores
{
    private readonly bool _keepsDatabase;

    /// <param name="url">The database.</param>
    /// <param name="time">The clock of its ownership; unless one is given it stands still, for nothing renews here.</param>
    /// <param name="keepsDatabase">Whether the database is another's to remove.</param>
    /// <param name="selection">How long it looks for a server.</param>
    /// <param name="answer">How long it waits for an answer.</param>
    public MongoStores(
        string url, TimeProvider? time = null, bool keepsDatabase = false, TimeSpan? selection = null,
        TimeSpan? answer = null)
    {
        Url = url;
        _keepsDatabase = keepsDatabase;
        var options = new MongoOptions
        {
            Url = url, ServerSelectionTimeout = selection ?? TimeSpan.FromSeconds(10),
            SocketTimeout = answer ?? TimeSpan.FromSeconds(15),
        };
        Store = new MongoStore(
            options, FunctionLimits.Default, time ?? new FakeTimeProvider(), NullLogger<MongoStore>.Instance);
        Jobs = new MongoJobStore(Store, TimeProvider.System);
        Lists = new MongoJobLists(Store, TimeProvider.System);
        Users = new MongoUserStore(Store);
        Functions = new MongoFunctionStore(Store);
        Decisions = new MongoDecisionStore(Store);
        Keys = new MongoKeyStore(Store);
        Quotas = new MongoQuotaStore(Store);
        Configs = new MongoConfigStore(Store);
        Schedules = new MongoScheduleStore(Store);
        Versions = new MongoVersionStore(Store);
        Audit = new MongoAuditStore(Store);
        Usage = new MongoUsageStore(Store);
    }

    public string Url { get; }

    public MongoStore Store { get; }

    public override IJobStore Jobs { get; }

    public override IJobLists Lists { get; }

    public override IUserStore Users { get; }

    public override IFunctionStore Functions { get; }

    public override IDecisionStore Decisions { get; }

    public override IKeyStore Keys { get; }

    public override IQuotaStore Quotas { get; }

    public override IConfigStore Configs { get; }

    public override IScheduleStore Schedules { get; }

    public override IVersionStore Versions { get; }

    public override IAuditStore Audit { get; }

    public override IUsageStore Usage { get; }

    /// <summary>An empty store that serves.</summary>
    public static async Task<MongoStores> OpenAsync(TimeProvider? time = null)
    {
        var server = await MongoServer.NeedAsync();
        var stores = new MongoStores(server.NewUrl(), time);
        await stores.Store.TurnAsync();
        stores.Store.Missing.Should().BeNull();
        return stores;
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_keepsDatabase)
        {
            var url = MongoUrl.Create(Url);
            using var client = new MongoClient(url);
            await client.DropDatabaseAsync(url.DatabaseName);
        }
        Store.Dispose();
    }
}
