using FaaS.Application.Db;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Mongo;
using FaaS.Tests.Shared.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>A store over a database of its own, or over one that another store is over too.</summary>
internal sealed class MongoStores : OpenStores
{
    private readonly bool _keepsDatabase;

    public MongoStores(string url, TimeProvider? time = null, bool keepsDatabase = false)
    {
        Url = url;
        _keepsDatabase = keepsDatabase;
        // Reconnecting is part of many tests: what a second of looking does not find is not there.
        var options = new MongoOptions { Url = url, ServerSelectionTimeout = TimeSpan.FromSeconds(1) };
        Store = new MongoStore(
            options, FunctionLimits.Default, time ?? TimeProvider.System, NullLogger<MongoStore>.Instance);
        Jobs = new MongoJobStore(Store, TimeProvider.System);
        Users = new MongoUserStore(Store);
        Functions = new MongoFunctionStore(Store);
    }

    public string Url { get; }

    public MongoStore Store { get; }

    public override IJobStore Jobs { get; }

    public override IUserStore Users { get; }

    public override IFunctionStore Functions { get; }

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
