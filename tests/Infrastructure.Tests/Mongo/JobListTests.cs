using System.Collections.Concurrent;
using FaaS.Application.Db;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Mongo;
using FaaS.Tests.Shared.Stores;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Tests.Mongo;

[Trait("needs", "mongo")]
public sealed class JobListTests : ListContract
{
    private MongoStores Database => (MongoStores)Stores;

    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();

    /// <summary>
    /// Which index a list is read from is not the server's to choose: each names it. So what is checked is that those are there
    /// and begin with what the list asks for; a server that lacks the index refuses the query.
    /// </summary>
    [Fact]
    public async Task Lists_NameIndexesThatAreThere()
    {
        var indexes = await Database.Store.Schema.Jobs.Indexes.List().ToListAsync();

        BsonDocument[] named =
        [
            Schema.JobsInOrder, Schema.JobsOfOwner, Schema.JobsOfFunction, Schema.JobsWaiting, Schema.JobsUnsuccessful,
        ];

        indexes.Select(index => index["key"].AsBsonDocument).Should().Contain(named);
        foreach (var key in named) key.Names.Last().Should().Be(JobDocument.Sequence, "it gives the order of the list");
    }

    [Theory]
    [InlineData(null, null, "{ gen: 1, seq: 1 }")]
    [InlineData(Function, null, "{ fn: 1, seq: 1 }")]
    [InlineData(null, JobState.Queued, "{ gen: 1, ended: 1, seq: 1 }")]
    [InlineData(Function, JobState.DeadLettered, "{ gen: 1, state: 1, seq: 1 }")]
    public async Task List_OnARealServer_IsPlannedByItsIndex(string? function, JobState? state, string index)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("FAAS_TEST_MONGODB") is not null, "Needs a real MongoDB: plans are the server's.");
        await AddedJobsAsync(20);
        var profiled = MongoUrl.Create(Database.Url).DatabaseName;
        using var client = new MongoClient(Database.Url);
        var database = client.GetDatabase(profiled);
        await database.RunCommandAsync<BsonDocument>(new BsonDocument("profile", 2));

        await ListAsync(new JobQuery(User, function, state, false, 0, 0, 0, 5));

        await database.RunCommandAsync<BsonDocument>(new BsonDocument("profile", 0));
        var plans = await database.GetCollection<BsonDocument>("system.profile")
            .Find(new BsonDocument { ["op"] = "query", ["ns"] = $"{profiled}.jobs" }).ToListAsync();
        plans.Should().NotBeEmpty().And.OnlyContain(plan => plan["planSummary"].AsString.StartsWith("IXSCAN"));
        plans.Should().Contain(plan => plan["planSummary"].AsString.Contains(index));
        plans.Should().OnlyContain(plan => plan["docsExamined"].ToInt32() <= 21);
    }
}
