using FaaS.Application.Db;
using FaaS.Application.Tests.Messaging;
using FaaS.Domain;
using FaaS.Domain.Users;
using FaaS.Tests.Shared.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Db;

/// <summary>What the queue is told of users' quotas, and how often it may ask.</summary>
public sealed class TermsTests
{
    /// <summary>2026-11-24 12:00 UTC.</summary>
    private static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeMilliseconds(1_795_478_400_000).AddHours(12);

    private const long Day = 20_781;

    private readonly FakeTimeProvider _time = new(Noon);
    private readonly MemoryStore _store = new MemoryStore().With("ann", "add");

    [Fact]
    public async Task ListTerms_WhileNobodyHasAnyOfTheirOwn_AreTheDefaultsAlone()
    {
        _store.WithUsed("ann", 1, 2, 3);
        await using var parts = Build();

        var page = await ListAsync(parts);

        page.Defaults.Should().Be(new QuotaOptions().ToQuotas());
        page.Defaults.Should().BeEquivalentTo(
            new { Weight = 1, Functions = 1_000, SourceBytes = 256L << 20, QueuedJobs = 1_000_000, HasBudget = false });
        page.Terms.Should().BeEmpty();
        _store.UsageReads.Should().Be(0, "no quota in force counts anything");
    }

    [Fact]
    public async Task ListTerms_OfThoseWithTheirOwn_HasWhatTheirQuotasCount()
    {
        _store.WithUsed("ann", 10, 20, 30).WithUsed("bob", 11, 21, 31).WithUsed("cat", 1, 1, 1);
        await using var parts = Build();
        await SetAsync(parts, "bob", new QuotaOverrides(Weight: 9, MsPerMonth: 500));
        await SetAsync(parts, "ann", new QuotaOverrides(StoredBytes: 77));
        await SetAsync(parts, "eve", new QuotaOverrides(Weight: 2));
        await SetAsync(parts, "eve", QuotaOverrides.None);

        var terms = (await ListAsync(parts)).Terms;

        var defaults = new QuotaOptions().ToQuotas();
        terms.Should().Equal(
            new UserTerms("ann", 1, defaults with { StoredBytes = 77 }, null, 30),
            new UserTerms("bob", 1, defaults with { Weight = 9, MsPerMonth = 500 }, new UsedTime(Day, 11, 21), null),
            new UserTerms("eve", 2, defaults, null, null));
    }

    [Fact]
    public async Task ListTerms_WhenTheDefaultsHaveABudget_HasWhoeverUsedSome()
    {
        _store.WithUsed("ann", 10, 20).WithUsed("bob", 0, 5, 100);
        await using var parts = Build("Quotas:MsPerDay=1000");
        await SetAsync(parts, "bob", new QuotaOverrides(MsPerDay: 0));

        var page = await ListAsync(parts);

        page.Defaults.MsPerDay.Should().Be(1_000);
        page.Terms.Select(terms => (terms.User, terms.Revision, terms.Used)).Should().Equal(
            ("ann", 0, new UsedTime(Day, 10, 20)), ("bob", 1, null));
    }

    [Fact]
    public async Task ListTerms_InPages_IsOfOneListByTheNamesBytes()
    {
        await using var parts = Build("Quotas:StoredBytes=1000");
        foreach (var name in new[] { "b", "B", "a.b", "a", "Z9" }) _store.WithUsed(name, 0, 0, 1);
        var first = await ListAsync(parts, "", 2);
        _store.WithUsed("c", 0, 0, 1);

        var second = await ListAsync(parts, first.Terms[^1].User, 2);
        var third = await ListAsync(parts, second.Terms[^1].User, 2);

        new[] { first, second, third }.SelectMany(page => page.Terms).Select(terms => terms.User)
            .Should().Equal("B", "Z9", "a", "a.b", "b");
        new[] { first, second, third }.Select(page => page.More).Should().Equal(true, true, false);
        _store.UsageReads.Should().Be(1);
    }

    [Fact]
    public async Task SumsOverAllJobs_AreReadOnceAMinute_HoweverManyAsk()
    {
        _store.WithUsed("ann", 0, 0, 1);
        await using var parts = Build("Quotas:StoredBytes=1000");
        for (var at = 0; at < 5; at++)
        {
            (await ListAsync(parts)).Terms.Single().StoredBytes.Should().Be(1);
            (await parts.Mediator.Send(new GetQuotas("ann"))).Value.Used.StoredBytes.Should().Be(1);
        }
        _store.UsageReads.Should().Be(1);

        _store.WithUsed("ann", 0, 0, 2);
        _time.Advance(TermsBook.Lasts);

        (await ListAsync(parts)).Terms.Single().StoredBytes.Should().Be(2);
        _store.UsageReads.Should().Be(2);
    }

    [Fact]
    public async Task ListTerms_FromTheBeginning_HasTheTimeOfNow()
    {
        _store.WithUsed("ann", 1, 1);
        await using var parts = Build("Quotas:MsPerDay=1000");
        await ListAsync(parts);

        _store.WithUsed("ann", 2, 2);

        (await ListAsync(parts)).Terms.Single().Used!.Value.DayUs.Should().Be(2, "a queue that starts goes on from it");
    }

    [Fact]
    public async Task ListTerms_WhenTheStoreIsAway_SaysSoAndListsAgainLater()
    {
        await using var parts = Build();
        _store.Down = new Error(ErrorCode.Unavailable, "Away.", 1);
        (await parts.Mediator.Send(new ListTerms("", 1))).Error!.Code.Should().Be(ErrorCode.Unavailable);

        _store.Down = null;

        (await parts.Mediator.Send(new ListTerms("", 1))).IsOk.Should().BeTrue();
    }

    [Fact]
    public void FullPage_OfTheLongestNamesAndNumbers_FitsAReply()
    {
        var row = (Application.Messaging.ContractRow<ListTerms, TermsPage>)Rows.All.Single(row => row.Name == "db.list-terms/1");
        var largest = Quota.All.Aggregate(QuotaOverrides.None, (own, quota) => quota.Set(own, quota.Max)).Over(Quotas.Unbounded);
        var terms = new UserTerms(
            new string('u', 128), int.MaxValue, largest, new UsedTime(99_999, 9_999_999_999_999, 99_999_999_999_999), 1L << 46);

        Rows.EncodeResponse(row, new TermsPage(largest, [.. Enumerable.Repeat(terms, ListTermsHandler.PageRows)], true))
            .Length.Should().BeLessThan(256 << 10);
    }

    [Fact]
    public async Task GetQuotas_SaysWhatIsInForceWhatIsSetAndWhatIsUsed()
    {
        _store.WithUsed("ann", 10, 20, 30);
        await using var parts = Build("Quotas:Weight=7");
        var set = await SetAsync(parts, "ann", new QuotaOverrides(QueuedJobs: 5));

        var found = (await parts.Mediator.Send(new GetQuotas("ann"))).Value;

        found.Should().Be(new UserQuotas(
            1, new QuotaOptions { Weight = 7 }.ToQuotas() with { QueuedJobs = 5 }, new QuotaOverrides(QueuedJobs: 5),
            new QuotaUsage(1, 7, 30, 10, 20)));
        set.Terms.Quotas.Should().Be(found.Quotas);
        (await parts.Mediator.Send(new GetQuotas("nobody"))).Error!.Code.Should().Be(ErrorCode.UserNotFound);
    }

    [Fact]
    public async Task GetQuotas_OfANameWithoutAUser_AreThereOnceSomeWereSet()
    {
        await using var parts = Build();
        await SetAsync(parts, "newcomer", new QuotaOverrides(Functions: 3));

        var found = (await parts.Mediator.Send(new GetQuotas("newcomer"))).Value;

        found.Should().BeEquivalentTo(new { Revision = 1, Overrides = new QuotaOverrides(Functions: 3), Used = new QuotaUsage(0, 0, 0, 0, 0) });
    }

    [Fact]
    public async Task RegisterFunction_GoesByTheQuotasInForce()
    {
        await using var parts = Build("Quotas:Functions=2", "Quotas:SourceBytes=20");
        await SetAsync(parts, "ann", new QuotaOverrides(Functions: 1));

        var refused = await parts.Mediator.Send(new RegisterFunction("ann", "more", "() => 1"u8.ToArray()));
        await SetAsync(parts, "ann", QuotaOverrides.None);
        var taken = await parts.Mediator.Send(new RegisterFunction("ann", "more", "() => 1"u8.ToArray()));
        var tooLong = await parts.Mediator.Send(new RegisterFunction("ann", "more", "() => 1234567890"u8.ToArray()));

        (refused.Error!.Quota, refused.Error.Limit).Should().Be(("functions", 1));
        taken.IsOk.Should().BeTrue();
        (tooLong.Error!.Quota, tooLong.Error.Limit).Should().Be(("sourceBytes", 20));
    }

    [Theory]
    [InlineData("2026-01-31", "2026-01-01", "2026-01-31")]
    [InlineData("2028-02-01", "2028-02-01", "2028-02-29")]
    [InlineData("1969-12-31", "1969-12-01", "1969-12-31")]
    public void Month_IsFromItsFirstDayToItsLast(string day, string first, string last)
    {
        Days.Month(Of(day)).Should().Be((Of(first), Of(last)));

        static long Of(string date) => Days.Of(DateTimeOffset.Parse(date + "T23:59:59.999Z", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("Quotas:Weight=0", "Weight")]
    [InlineData("Quotas:SourceBytes=-1", "SourceBytes")]
    [InlineData("Quotas:MsPerDay=1000000000000001", "MsPerDay")]
    public async Task Options_OutOfRange_AreRefused(string setting, string named)
    {
        await using var parts = Build(setting);

        var read = () => parts.Server.GetRequiredService<IOptions<QuotaOptions>>().Value;

        read.Should().Throw<OptionsValidationException>().WithMessage($"*{named}*");
    }

    private Parts Build(params string[] settings) => Parts.Build(store: _store, time: _time, settings: settings);

    private static async Task<TermsPage> ListAsync(Parts parts, string after = "", int max = 500)
    {
        var page = await parts.Mediator.Send(new ListTerms(after, max));
        page.Error.Should().BeNull();
        return page.Value;
    }

    private static async Task<GrantedQuotas> SetAsync(Parts parts, string user, QuotaOverrides overrides) =>
        (await parts.Mediator.Send(new SetQuotas(
            user, [.. Quota.All.Select(quota => new QuotaChange(quota.Name, quota.Of(overrides)))]))).Value;
}
