using FaaS.Domain;
using FaaS.Infrastructure.Mongo;
using FaaS.Tests.Shared.Stores;
using Microsoft.Extensions.Time.Testing;
using MongoDB.Bson;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>Two processes over one database: at most one serves, whatever their clocks say.</summary>
[Trait("needs", "mongo")]
public sealed class OwnershipTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = new MongoOptions().OwnerLease;

    // Years apart: only how fast a clock runs may matter.
    private readonly FakeTimeProvider _firstTime = new(new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));
    private readonly FakeTimeProvider _secondTime = new(new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private Rig _rig = null!;
    private MongoStores _first = null!;
    private MongoStores _second = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await Rig.OpenAsync();
        _first = await _rig.ServeAsync(time: _firstTime);
        _second = _rig.NewStores(time: _secondTime);
    }

    public async ValueTask DisposeAsync()
    {
        if (_rig is not null) await _rig.DisposeAsync();
    }

    [Fact]
    public async Task Turn_WhenAnotherHoldsIt_WaitsAndSaysSo()
    {
        await _second.Store.TurnAsync();

        _second.Store.Missing.Should().Contain("MongoDB").And.Contain("another process");
        (await _second.Jobs.TakeEpochAsync(default)).Error!.Code.Should().Be(ErrorCode.NotDurable);
        (await _second.Jobs.LoadUnfinishedAsync(0, 1, default)).Error!.Code.Should().Be(ErrorCode.Unavailable);
        (await _second.Users.RegisterAsync("bob", Rig.NowMs, default)).Error!.Code.Should().Be(ErrorCode.NotDurable);
        (await _second.Functions.ListAsync("ada", "", 100, 1 << 20, default)).Error!.Code.Should().Be(ErrorCode.Unavailable);
    }

    [Fact]
    public async Task Turn_WhenTheHolderRenews_NeverTakesOver()
    {
        for (var turn = 0; turn < 20; turn++)
        {
            _firstTime.Advance(Lease / 5);
            _secondTime.Advance(Lease / 5);
            await _first.Store.TurnAsync();
            await _second.Store.TurnAsync();

            _first.Store.Missing.Should().BeNull();
            _second.Store.Missing.Should().NotBeNull();
        }
    }

    [Fact]
    public async Task Turn_WhenTheHolderIsSilentForTheLease_TakesOver()
    {
        await _second.Store.TurnAsync();
        _secondTime.Advance(Lease - TimeSpan.FromMilliseconds(1));
        await _second.Store.TurnAsync();
        _second.Store.Missing.Should().NotBeNull();

        _secondTime.Advance(TimeSpan.FromMilliseconds(1));
        await _second.Store.TurnAsync();

        _second.Store.Missing.Should().BeNull();
        (await _second.Functions.ListAsync("ada", "", 100, 1 << 20, default)).Value.Functions.Should().ContainSingle();
    }

    [Fact]
    public async Task Call_WhenTheHolderCouldNotRenew_IsRefusedBeforeAnotherMayServe()
    {
        (await _first.Jobs.TakeEpochAsync(default)).IsOk.Should().BeTrue();

        _firstTime.Advance(Lease * 0.8);

        _first.Store.Missing.Should().Contain("MongoDB");
        (await _first.Jobs.CommitAsync(Rig.Commit(1, [Rig.New(1)]), default)).Error!.Code
            .Should().Be(ErrorCode.NotDurable);
        (await _first.Jobs.StorePayloadAsync(Guid.NewGuid(), [1], Rig.NowMs, default)).Error!.Code
            .Should().Be(ErrorCode.NotDurable);
        (await _rig.AllAsync("jobs")).Should().BeEmpty();
    }

    [Fact]
    public async Task Turn_WhenTheOldHolderComesBack_WaitsForTheNewOne()
    {
        await _second.Store.TurnAsync();
        _secondTime.Advance(Lease);
        await _second.Store.TurnAsync();

        // Its own clock stood still meanwhile: only the renewal tells.
        await _first.Store.TurnAsync();

        _first.Store.Missing.Should().Contain("another process");
    }

    [Fact]
    public async Task Turn_WhenItCouldNotRenewAndNobodyCame_ServesAgainWithoutWhatItKnew()
    {
        var epoch = (await _first.Jobs.TakeEpochAsync(default)).Value.Number;
        await _first.Jobs.CommitAsync(Rig.Commit(epoch, [Rig.New(1)]), default);
        _firstTime.Advance(Lease);
        await _rig.Collection("users").UpdateOneAsync(
            new BsonDocument("name", "ada"), new BsonDocument("$set", new BsonDocument("gen", 0)));

        await _first.Store.TurnAsync();

        _first.Store.Missing.Should().BeNull();
        (await _first.Jobs.CommitAsync(Rig.Commit(epoch, [Rig.New(2)]), default)).Value.New[0].Error!.Code
            .Should().Be(ErrorCode.UserNotFound);
    }

    [Fact]
    public async Task Turn_WhenManyChallengeAtOnce_LetsOneServe()
    {
        var times = Enumerable.Range(0, 4).Select(_ => new FakeTimeProvider()).ToList();
        var challengers = times.ConvertAll(time => _rig.NewStores(time: time));
        foreach (var challenger in challengers) await challenger.Store.TurnAsync();
        foreach (var time in times) time.Advance(Lease);

        await Task.WhenAll(challengers.Select(challenger => challenger.Store.TurnAsync()));

        challengers.Should().ContainSingle(challenger => challenger.Store.Missing == null);
    }

    [Fact]
    public async Task Leave_WhenTheHolderStops_LetsTheNextServeAtOnce()
    {
        await _second.Store.TurnAsync();
        await _first.Store.LeaveAsync();

        await _second.Store.TurnAsync();

        _second.Store.Missing.Should().BeNull();
        (await _first.Jobs.TakeEpochAsync(default)).Error!.Code.Should().Be(ErrorCode.NotDurable);
    }
}
