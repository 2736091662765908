using FaaS.Application.Db;
using FaaS.Domain.Scaling;

namespace FaaS.Tests.Shared.Stores;

/// <summary>The log of decisions: its order, what it keeps, and that nothing stands in it twice.</summary>
public abstract class DecisionContract : StoreContract
{
    private const int Kept = DecisionLimits.Kept;
    private const int AnyChars = 1 << 20;

    private readonly Guid _scaler = Guid.NewGuid();

    [Fact]
    public async Task List_WhenNothingWasRecorded_IsEmpty()
    {
        var page = await ListAsync();

        page.Decisions.Should().BeEmpty();
        page.More.Should().BeFalse();
    }

    [Fact]
    public async Task List_OfWhatWasAppended_HasAllOfItTheNewestFirst()
    {
        var decisions = new[]
        {
            Full(1), Bare(2, rule: "a_rule_of_tomorrow"),
            Full(3) with { Detail = "\"quoted\" – ünïcödé ☃\n\0", Outcome = "timed_out" },
        };

        (await AppendAsync(decisions[0])).Should().Be(1);
        (await AppendAsync(decisions[1..])).Should().Be(2);

        var page = await ListAsync();
        page.Decisions.Select(row => row.Decision).Should().Equal(decisions.Reverse());
        page.Decisions.Select(row => row.Id).Should().BeInDescendingOrder().And.OnlyHaveUniqueItems();
        page.Decisions.Should().OnlyContain(row => row.Id > 0);
        page.More.Should().BeFalse();
    }

    [Fact]
    public async Task Append_WhenItIsRepeated_ChangesNothing()
    {
        await AppendAsync(Bare(1), Bare(2));
        var before = await ListAsync();

        var again = await AppendAsync(Bare(1), Bare(2) with { Reason = "Another." }, Bare(3));

        again.Should().Be(1, "two of them were there");
        var after = await ListAsync();
        after.Decisions.Skip(1).Should().Equal(before.Decisions);
        after.Decisions[0].Decision.Number.Should().Be(3);
        after.Decisions[0].Id.Should().BeGreaterThan(before.Decisions[0].Id);
    }

    [Fact]
    public async Task Append_OfOneNumberTwiceAtOnce_RecordsItOnce()
    {
        (await AppendAsync(Bare(1), Bare(1))).Should().Be(1);

        (await ListAsync()).Decisions.Should().ContainSingle();
    }

    [Fact]
    public async Task Append_OfTheSameNumberOfAnotherScaler_RecordsBoth()
    {
        await AppendAsync(Bare(1));

        (await Stores.Decisions.AppendAsync(Guid.NewGuid(), [Bare(1)], default)).Value.Should().Be(1);

        (await ListAsync()).Decisions.Should().HaveCount(2);
    }

    [Fact]
    public async Task Append_AtOnce_RecordsEachOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(at => AppendAsync(Bare(at / 2), Bare(100 + at))));

        var numbers = (await ListAsync()).Decisions.Select(row => row.Decision.Number).ToArray();
        numbers.Should().OnlyHaveUniqueItems().And.HaveCount(60);
    }

    [Fact]
    public async Task List_OfChangesOnly_LeavesTheOthersOut()
    {
        await AppendAsync(
            Change(1), Bare(2), Full(3) with { Present = 4, Target = 4 }, Full(4) with { Present = 4, Target = 3 });

        var changes = await ListAsync(changesOnly: true);

        changes.Decisions.Select(row => row.Decision.Number).Should().Equal(4, 1);
        changes.Decisions.Should().OnlyContain(row => row.Decision.IsChange);
        changes.More.Should().BeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task List_PageByPage_HasEachOnce(bool changesOnly)
    {
        await AppendAsync([.. Enumerable.Range(1, 25).Select(at => at % 2 == 0 ? Bare(at) : Change(at))]);

        var pages = await PagesAsync(changesOnly, maxRows: 4, AnyChars);

        pages.SkipLast(1).Should().OnlyContain(page => page.Count == 4);
        pages.SelectMany(page => page).Should().Equal(
            Enumerable.Range(1, 25).Where(at => !changesOnly || at % 2 == 1).Select(at => (long)at).Reverse());
    }

    [Fact]
    public async Task List_WhenTheTextsAreLong_EndsThePageAfterOneAtLeast()
    {
        await AppendAsync([.. Enumerable.Range(1, 5).Select(at => Bare(at) with { Reason = new string('x', 1_000) })]);

        (await PagesAsync(false, 100, maxChars: 1)).Should().HaveCount(5).And.OnlyContain(page => page.Count == 1);
        (await PagesAsync(false, 100, maxChars: 2_900)).Select(page => page.Count).Should().Equal(2, 2, 1);
    }

    [Fact]
    public async Task Append_BeyondWhatIsKept_RemovesTheOldestThatAreNoChanges()
    {
        await AppendAsync(Change(1), Bare(2), Change(3));
        await FillAsync(4, Kept, Bare);

        var numbers = await NumbersAsync();

        numbers.Should().Equal(Range(4, Kept).Reverse().Concat([3L, 1L]), "changes outlast them");
        (await AppendAsync(Bare(2))).Should().Be(1, "what is gone is not known again");
    }

    [Fact]
    public async Task Append_BeyondTheChangesThatAreKept_RemovesTheOldestOfThem()
    {
        await AppendAsync(Bare(1), Change(2), Change(3));
        await FillAsync(4, Kept - 1, Change);

        (await NumbersAsync()).Should().Equal(Range(3, Kept).Reverse());
    }

    [Fact]
    public async Task Append_OfManyOfBothKinds_KeepsTheNewestOfEach()
    {
        await FillAsync(1, Kept + 100, Change);
        await FillAsync(Kept + 101, Kept + 100, Bare);

        var numbers = await NumbersAsync();

        numbers.Should().Equal(Range(Kept + 201, Kept).Reverse().Concat(Range(101, Kept).Reverse()));
        (await NumbersAsync(changesOnly: true)).Should().Equal(Range(101, Kept).Reverse());
    }

    /// <summary>A decision with everything that one can have.</summary>
    protected static DecisionReport Full(long number) => new(
        number, DateTimeOffset.FromUnixTimeMilliseconds(NowMs + number), "queue-delay", "backlog", 2, 5, 4,
        "12 jobs wait.", new ScalingSample(
            DateTimeOffset.FromUnixTimeMilliseconds(NowMs), 1, 1, 3, 12, 2, 1_500, 1, 4, 1_000_000_000_000, 20, 400, 30, false),
        new ScalingMeasures(0.1, 20.25, 1.5, 4, 1.0 / 3, 60), "process", "done", null);

    /// <summary>A decision that nothing is known for.</summary>
    protected static DecisionReport Bare(long number) => Bare(number, "missing");

    private static DecisionReport Bare(long number, string rule) => new(
        number, DateTimeOffset.FromUnixTimeMilliseconds(NowMs), "doubling", rule, 0, null, null, "Nothing is known.",
        null, null, null, null, null);

    private static DecisionReport Change(long number) => Full(number);

    private static IEnumerable<long> Range(int first, int count) => Enumerable.Range(first, count).Select(at => (long)at);

    private async Task<int> AppendAsync(params DecisionReport[] decisions)
    {
        var added = await Stores.Decisions.AppendAsync(_scaler, decisions, default);
        added.Error.Should().BeNull();
        return added.Value;
    }

    private async Task FillAsync(int first, int count, Func<long, DecisionReport> make)
    {
        foreach (var batch in Range(first, count).Chunk(DecisionLimits.BatchMax)) await AppendAsync([.. batch.Select(make)]);
    }

    private async Task<DecisionPage> ListAsync(
        long before = long.MaxValue, bool changesOnly = false, int maxRows = 100, int maxChars = AnyChars)
    {
        var page = await Stores.Decisions.ListAsync(before, changesOnly, maxRows, maxChars, default);
        page.Error.Should().BeNull();
        return page.Value;
    }

    /// <summary>The numbers of all that is in the log, in pages as large as may be asked for.</summary>
    private async Task<IEnumerable<long>> NumbersAsync(bool changesOnly = false) =>
        (await PagesAsync(changesOnly, DecisionLimits.PageMax, AnyChars)).SelectMany(page => page);

    private async Task<List<List<long>>> PagesAsync(bool changesOnly, int maxRows, int maxChars)
    {
        var pages = new List<List<long>>();
        var before = long.MaxValue;
        while (true)
        {
            var page = await ListAsync(before, changesOnly, maxRows, maxChars);
            pages.Add([.. page.Decisions.Select(row => row.Decision.Number)]);
            if (!page.More) return pages;
            before = page.Decisions[^1].Id;
        }
    }
}
