using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Keys: whose they are, that they end with their generation, and that no two have one id.</summary>
public abstract class KeyContract : StoreContract
{
    [Fact]
    public async Task Find_OfAnAddedKey_HasAllOfIt()
    {
        await RegisterAsync("ada");
        var key = Key() with { Name = "ünïcödé \"☃\"", Function = "f", ExpiresAtMs = NowMs + 5, Scopes = Scopes.JobsSubmit };

        var added = (await AddAsync("ada", key)).Value;
        var found = (await Stores.Keys.FindAsync(key.Id, default)).Value;

        found.Should().BeEquivalentTo(new KeyRecord("ada", added.Generation, key, NowMs, 0)).And.BeEquivalentTo(added);
    }

    [Fact]
    public async Task Find_OfNoKey_IsUnauthorized() =>
        (await Stores.Keys.FindAsync(Key().Id, default)).Error!.Code.Should().Be(ErrorCode.Unauthorized);

    [Fact]
    public async Task Add_ToNoUser_IsRefused() =>
        (await AddAsync("nobody", Key())).Error!.Code.Should().Be(ErrorCode.UserNotFound);

    [Fact]
    public async Task Add_WhenItIsRepeated_ChangesNothing()
    {
        await RegisterAsync("ada");
        var key = Key();
        await AddAsync("ada", key);

        var again = await Stores.Keys.AddAsync("ada", key with { Name = "other" }, 10, NowMs + 9, default);

        again.Value.Key.Name.Should().Be(key.Name);
        (await ListAsync("ada")).Should().ContainSingle().Which.CreatedAtMs.Should().Be(NowMs);
    }

    [Fact]
    public async Task Add_OfAnIdThatAnotherHas_IsAConflict()
    {
        await RegisterAsync("ada");
        await RegisterAsync("bob");
        var key = Key();
        await AddAsync("ada", key);

        (await AddAsync("bob", key)).Error!.Code.Should().Be(ErrorCode.Conflict);
        (await AddAsync("ada", key with { Hash = new byte[32] })).Error!.Code.Should().Be(ErrorCode.Conflict);
        (await Stores.Users.RegisterAsync("bob", key, NowMs, default)).Error!.Code.Should().Be(ErrorCode.Conflict);
        (await Stores.Keys.FindAsync(key.Id, default)).Value.User.Should().Be("ada");
    }

    [Fact]
    public async Task Add_BeyondTheMost_IsRefusedUntilOneIsRevoked()
    {
        await RegisterAsync("ada");
        var first = Key();
        await AddAsync("ada", first, max: 2);
        await AddAsync("ada", Key(), max: 2);

        var refused = await AddAsync("ada", Key(), max: 2);
        (await Stores.Keys.RevokeAsync("ada", first.Id, default)).Value.Should().BeTrue();

        refused.Error!.Code.Should().Be(ErrorCode.QuotaExceeded);
        refused.Error.Message.Should().Contain("2");
        (await AddAsync("ada", Key(), max: 2)).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task Revoke_OfAKey_TakesItAwayAndNoOther()
    {
        await RegisterAsync("ada");
        await RegisterAsync("bob");
        var (revoked, kept) = (Key(), Key());
        await AddAsync("ada", revoked);
        await AddAsync("ada", kept);

        (await Stores.Keys.RevokeAsync("bob", revoked.Id, default)).Value.Should().BeFalse("it is another's");
        (await Stores.Keys.FindAsync(revoked.Id, default)).IsOk.Should().BeTrue();
        (await Stores.Keys.RevokeAsync("ada", revoked.Id, default)).Value.Should().BeTrue();
        (await Stores.Keys.RevokeAsync("ada", revoked.Id, default)).Value.Should().BeFalse("it is gone already");

        (await Stores.Keys.FindAsync(revoked.Id, default)).IsOk.Should().BeFalse();
        (await ListAsync("ada")).Select(row => row.Key.Id).Should().Equal(kept.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keys_OfAUserWhoIsReplacedOrDeleted_AreGone(bool deletes)
    {
        await RegisterAsync("ada");
        await RegisterAsync("bob");
        var (old, others, first) = (Key(), Key(), Key());
        await AddAsync("ada", old);
        await AddAsync("bob", others);

        if (deletes) await Stores.Users.CloseAsync("ada", default);
        else (await Stores.Users.RegisterAsync("ada", first, NowMs, default)).IsOk.Should().BeTrue();

        (await Stores.Keys.FindAsync(old.Id, default)).Error!.Code.Should().Be(ErrorCode.Unauthorized);
        (await Stores.Keys.FindAsync(others.Id, default)).IsOk.Should().BeTrue();
        if (deletes) (await Stores.Keys.ListAsync("ada", default)).Error!.Code.Should().Be(ErrorCode.UserNotFound);
        else (await ListAsync("ada")).Select(row => row.Key.Id).Should().Equal(first.Id);
    }

    [Fact]
    public async Task Uses_AreNotedAndNeverGoBack()
    {
        await RegisterAsync("ada");
        var (used, unused) = (Key(), Key());
        await AddAsync("ada", used);
        await Stores.Keys.AddAsync("ada", unused, 10, NowMs + 1, default);

        (await NoteAsync(new KeyUse(used.Id, 50), new KeyUse(Key().Id, 60))).Should().BeTrue();
        (await NoteAsync(new KeyUse(used.Id, 40))).Should().BeTrue();

        (await ListAsync("ada")).Select(row => row.UsedAtMs).Should().Equal(50, 0);
    }

    private async Task RegisterAsync(string user) =>
        (await Stores.Users.RegisterAsync(user, NowMs, default)).Error.Should().BeNull();

    private Task<Result<KeyRecord>> AddAsync(string user, NewKey key, int max = 10) =>
        Stores.Keys.AddAsync(user, key, max, NowMs, default);

    private async Task<IReadOnlyList<KeyRecord>> ListAsync(string user) =>
        (await Stores.Keys.ListAsync(user, default)).Value;

    private async Task<bool> NoteAsync(params KeyUse[] uses) => (await Stores.Keys.NoteUsesAsync(uses, default)).Value;

    private static NewKey Key()
    {
        var key = ApiKey.Create(RandomNumberGenerator.GetBytes(ApiKey.RandomBytes));
        return new NewKey(key.Id, key.Hash, "a key", Scopes.Admin, null, 0);
    }
}
