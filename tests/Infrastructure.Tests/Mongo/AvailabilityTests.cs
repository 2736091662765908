using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Mongo;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MongoDB.Bson;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>A MongoDB that is not there, comes, goes, or is not ours.</summary>
[Trait("needs", "mongo")]
public sealed class AvailabilityTests : IAsyncLifetime
{
    private Rig _rig = null!;
    private CuttingProxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await Rig.OpenAsync();
        _proxy = new CuttingProxy(_rig.Url);
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null) await _proxy.DisposeAsync();
        if (_rig is not null) await _rig.DisposeAsync();
    }

    [Fact]
    public async Task Host_WhenMongoComesAndGoes_StartsAndComesAliveWithIt()
    {
        _proxy.CutNow();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMongo(_proxy.Url);
        builder.Services.Configure<MongoOptions>(options =>
            options.ServerSelectionTimeout = TimeSpan.FromMilliseconds(500));
        builder.Services.AddOptions<FunctionOptions>();
        using var host = builder.Build();
        await host.StartAsync();
        var readiness = host.Services.GetServices<IReadiness>().Should().ContainSingle().Which;
        var users = host.Services.GetRequiredService<IUserStore>();

        (await readiness.FindMissingAsync(default)).Should().Contain("MongoDB");
        (await users.RegisterAsync("ada", Rig.NowMs, default)).Error!.Code.Should().Be(ErrorCode.NotDurable);
        _proxy.Mend();
        await Eventually.HoldsAsync(async () => await readiness.FindMissingAsync(default) is null);

        (await users.RegisterAsync("ada", Rig.NowMs, default)).IsOk.Should().BeTrue();
        _proxy.CutNow();
        await Eventually.HoldsAsync(async () =>
            await readiness.FindMissingAsync(default) is { } why && why.Contains("does not answer", StringComparison.Ordinal));
        _proxy.Mend();
        await Eventually.HoldsAsync(async () => await readiness.FindMissingAsync(default) is null);
        await host.StopAsync();
        (await _rig.AllAsync("meta")).Single(row => row["name"] == "owner")["holder"].AsString.Should().BeEmpty();
    }

    [Fact]
    public async Task Commit_WhenMongoIsGone_IsCertainlyNotWritten()
    {
        var stores = await _rig.ServeAsync(_proxy.Url, selection: TimeSpan.FromSeconds(1));
        var epoch = (await stores.Jobs.TakeEpochAsync(default)).Value.Number;
        _proxy.CutNow();
        // The first call finds its connection broken; the next ones find no server.
        await stores.Jobs.CommitAsync(Rig.Commit(epoch, [Rig.New(1)]), default);

        var answer = await stores.Jobs.CommitAsync(Rig.Commit(epoch, [Rig.New(1)]), default);

        answer.Error!.Code.Should().Be(ErrorCode.NotDurable);
        (await stores.Jobs.FindAsync(Rig.Id(1), default, default)).Error!.Code.Should().Be(ErrorCode.Unavailable);
        _proxy.Mend();
        await Eventually.HoldsAsync(async () =>
            (await stores.Jobs.CommitAsync(Rig.Commit(epoch, [Rig.New(1)]), default)).IsOk);
    }

    [Fact]
    public async Task Commit_WhenMongoHangs_IsUnknownAndThenStored()
    {
        var stores = await _rig.ServeAsync(_proxy.Url, answer: TimeSpan.FromSeconds(1));
        var epoch = (await stores.Jobs.TakeEpochAsync(default)).Value.Number;
        _proxy.CutAt(1, Cut.Hang);

        var answer = await stores.Jobs.CommitAsync(Rig.Commit(epoch, [Rig.New(1)]), default);

        answer.Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        _proxy.Mend();
        (await stores.Jobs.CommitAsync(Rig.Commit(epoch, [Rig.New(1)]), default)).Value.New[0].Status
            .Should().Be(WriteStatus.Stored);
    }

    [Fact]
    public async Task TakeEpoch_WhenItsAnswerIsLost_LetsNoEarlierEpochCommit()
    {
        var stores = await _rig.ServeAsync(_proxy.Url);
        var old = (await stores.Jobs.TakeEpochAsync(default)).Value.Number;
        _proxy.CutAt(1, Cut.After);
        (await stores.Jobs.TakeEpochAsync(default)).Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        _proxy.Mend();

        var answer = await stores.Jobs.CommitAsync(Rig.Commit(old, [Rig.New(1)]), default);

        answer.Error!.Code.Should().Be(ErrorCode.LeaseLost);
        (await stores.Jobs.TakeEpochAsync(default)).Value.Number.Should().BeGreaterThan(old + 1);
    }

    [Theory]
    [InlineData(99, "newer release")]
    [InlineData(0, "damaged")]
    public async Task Turn_WhenTheSchemaIsNotOurs_RefusesAndChangesNothing(int version, string why)
    {
        await (await _rig.ServeAsync()).Store.LeaveAsync();
        await _rig.Collection("meta").UpdateOneAsync(
            new BsonDocument("name", "schema"), new BsonDocument("$set", new BsonDocument("version", version)));
        var before = await _rig.AllAsync("meta");

        var stores = _rig.NewStores();
        await stores.Store.TurnAsync();
        await stores.Store.TurnAsync();

        stores.Store.IsRefused.Should().BeTrue();
        stores.Store.Missing.Should().Contain(why);
        (await stores.Users.CloseAsync("ada", default)).Error!.Message.Should().Contain(why);
        (await _rig.AllAsync("meta")).Should().BeEquivalentTo(before);
    }

    [Fact]
    public async Task Commit_WhenItHas256Rows_IsAHandfulOfRoundTrips()
    {
        var stores = await _rig.ServeAsync(_proxy.Url);
        var epoch = (await stores.Jobs.TakeEpochAsync(default)).Value.Number;
        await stores.Jobs.CommitAsync(
            Rig.Commit(epoch, [.. Enumerable.Range(1, 128).Select(at => Rig.New(at))]), default);

        _proxy.CutAt(int.MaxValue, Cut.Before);
        var answer = await stores.Jobs.CommitAsync(
            Rig.Commit(
                epoch, [.. Enumerable.Range(129, 128).Select(at => Rig.New(at))],
                [.. Enumerable.Range(1, 128).Select(at => Rig.End(at))]),
            default);

        answer.Value.New.Should().OnlyContain(row => row.Status == WriteStatus.Stored);
        answer.Value.Ended.Should().OnlyContain(status => status == WriteStatus.Stored);
        _proxy.Commands.Should().BeEquivalentTo(["insert", "update", "find", "insert", "update"]);
    }

    [Fact]
    public async Task Commit_WhenManyCommitAtOnce_BillsEachAttemptOnce()
    {
        const int Writers = 4, Rounds = 6, Rows = 8;
        var stores = await _rig.ServeAsync();
        var epoch = (await stores.Jobs.TakeEpochAsync(default)).Value.Number;

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(WriteAsync));

        (await stores.Jobs.LoadUnfinishedAsync(0, 10_000, default)).Value.Jobs.Should().BeEmpty();
        (await stores.Users.SumWallTimeAsync("ada", default)).Value.TotalMilliseconds
            .Should().Be(Writers * Rounds * Rows);
        (await _rig.AllAsync("ledger")).Should().HaveCount(Writers * Rounds * Rows);

        async Task WriteAsync(int writer)
        {
            for (var round = 0; round < Rounds; round++)
            {
                var numbers = Enumerable.Range(1 + (((writer * Rounds) + round) * Rows), Rows).ToArray();
                await stores.Jobs.CommitAsync(Rig.Commit(epoch, [.. numbers.Select(at => Rig.New(at))]), default);
                var end = Rig.Commit(epoch, ended: [.. numbers.Select(at => Rig.End(at))]);
                var answers = await Task.WhenAll(
                    stores.Jobs.CommitAsync(end, default), stores.Jobs.CommitAsync(end, default));
                answers.Should().OnlyContain(answer => answer.Value.Ended.All(status => status == WriteStatus.Stored));
                (await stores.Jobs.FindAsync(Rig.Id(numbers[0]), default, default)).Value.State
                    .Should().Be(JobState.Succeeded);
            }
        }
    }
}
