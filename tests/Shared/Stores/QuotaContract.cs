using FaaS.Application.Db;
using FaaS.Domain.Users;

namespace FaaS.Tests.Shared.Stores;

/// <summary>What was set for names: it stays, grows in revision, and is paged by name.</summary>
public abstract class QuotaContract : StoreContract
{
    private static readonly QuotaOverrides Some = new(Weight: 3, QueuedJobs: 0, MsPerDay: 5_000_000_000);

    [Fact]
    public async Task Find_OfWhatWasNeverSet_IsNoneOfRevisionZero() =>
        (await FindAsync("nobody")).Should().Be(new OwnQuotas("nobody", 0, QuotaOverrides.None));

    [Fact]
    public async Task Set_ForANameWithoutAUser_IsFoundWithAllOfIt()
    {
        var all = new QuotaOverrides(1, 2, long.MaxValue, 4, 5, 6, 7, 8, 9);

        (await SetAsync("ada", all)).Should().Be(new OwnQuotas("ada", 1, all));

        (await FindAsync("ada")).Should().Be(new OwnQuotas("ada", 1, all));
    }

    [Fact]
    public async Task Change_OfSome_LeavesTheOthersAndGrowsTheRevision()
    {
        await SetAsync("ada", Some);

        (await ChangeAsync("ada", new QuotaChange("functions", 7), new QuotaChange("weight", null))).Should()
            .Be(new OwnQuotas("ada", 2, Some with { Functions = 7, Weight = null }));
        (await SetAsync("ada", QuotaOverrides.None)).Revision.Should().Be(3, "that they were taken back is a change too");
        (await SetAsync("bob", Some)).Revision.Should().Be(1);
    }

    [Fact]
    public async Task Change_OfEachQuotaByAnotherAtOnce_HasThemAll()
    {
        await Task.WhenAll(Quota.All.Select(quota => ChangeAsync("ada", new QuotaChange(quota.Name, 5))));

        (await FindAsync("ada")).Should().Be(new OwnQuotas("ada", Quota.All.Count, new QuotaOverrides(5, 5, 5, 5, 5, 5, 5, 5, 5)));
    }

    [Fact]
    public async Task Set_OfTheSame_ChangesNothing()
    {
        await SetAsync("ada", Some);

        (await SetAsync("ada", Some)).Revision.Should().Be(1);
        (await SetAsync("cleo", QuotaOverrides.None)).Should().Be(new OwnQuotas("cleo", 0, QuotaOverrides.None));
    }

    [Fact]
    public async Task Set_ByManyAtOnce_LeavesOneOfThemAndCountsAll()
    {
        var set = await Task.WhenAll(Enumerable.Range(1, 20).Select(at => SetAsync("ada", new QuotaOverrides(Functions: at))));

        set.Select(row => row.Revision).Should().BeEquivalentTo(Enumerable.Range(1, 20));
        (await FindAsync("ada")).Should().Be(set.Single(row => row.Revision == 20));
    }

    [Fact]
    public async Task Quotas_OfAUserWhoIsReplacedAndDeleted_Stay()
    {
        await Users.RegisterAsync("ada", NowMs, default);
        await SetAsync("ada", Some);

        await Users.RegisterAsync("ada", NowMs, default);
        await Users.CloseAsync("ada", default);

        (await FindAsync("ada")).Overrides.Should().Be(Some);
    }

    [Fact]
    public async Task List_InPages_HasEachNameOnce()
    {
        foreach (var name in new[] { "b", "a", "B", "a.b", "a1", "Z" }) await SetAsync(name, Some);
        var names = new List<string>();

        while (true)
        {
            var page = (await Stores.Quotas.ListAsync(names.LastOrDefault(""), 4, default)).Value;
            names.AddRange(page.Select(row => row.User));
            if (page.Count < 4) break;
        }

        names.Should().BeEquivalentTo("B", "Z", "a", "a.b", "a1", "b");
    }

    private Task<OwnQuotas> SetAsync(string user, QuotaOverrides overrides) =>
        ChangeAsync(user, [.. Quota.All.Select(quota => new QuotaChange(quota.Name, quota.Of(overrides)))]);

    private async Task<OwnQuotas> ChangeAsync(string user, params QuotaChange[] changes)
    {
        var set = await Stores.Quotas.ChangeAsync(user, changes, default);
        set.Error.Should().BeNull();
        return set.Value;
    }

    private async Task<OwnQuotas> FindAsync(string user) => (await Stores.Quotas.FindAsync(user, default)).Value;
}
