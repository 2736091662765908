using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;

namespace FaaS.Tests.Shared.Stores;

/// <summary>The audit log: an entry for each action, by whoever stores the action, and none for what was not done.</summary>
public abstract class AuditContract : StoreContract
{
    private long _nowMs = NowMs;

    [Fact]
    public async Task Actions_HaveAnEntryEachWithWhatWasThereBeforeAndAfter()
    {
        var key = Key();
        var opened = (await Users.RegisterAsync("ada", null, Note("user.register"), default)).Value.Generation;
        await Stores.Keys.AddAsync("ada", key, 10, Note("key.add", key.Id, AuditTexts.Key(key)), default);
        await Stores.Quotas.ChangeAsync("ada", [new QuotaChange("weight", 5)], Note("quotas.set"), default);
        await Stores.Quotas.ChangeAsync("ada", [new QuotaChange("weight", null), new QuotaChange("functions", 0)], Note("quotas.set"), default);
        await Functions.RegisterAsync("ada", "f", Utf8("() => 1"), NowMs, FunctionBounds.None, default);
        await Functions.DeleteAsync("ada", "f", Note("function.delete", "f"), default);
        await Stores.Keys.RevokeAsync("ada", key.Id, Note("key.revoke", key.Id), default);
        var again = (await Users.RegisterAsync("ada", null, Note("user.register"), default)).Value.Generation;
        await Users.CloseAsync("ada", Note("user.delete"), default);

        var entries = (await ListAsync()).Reverse().ToList();

        const string madeKey = """{"name":"a key","scopes":["jobs:read"]}""";
        entries.Select(entry => (entry.Record.Note.Action, entry.Record.Note.Target, entry.Record.Note.Before, entry.Record.Note.After))
            .Should().Equal(
                ("user.register", null, null, Generation(opened)), ("key.add", key.Id, null, madeKey),
                ("quotas.set", null, "{}", """{"weight":5}"""), ("quotas.set", null, """{"weight":5}""", """{"functions":0}"""),
                ("function.delete", "f", null, null), ("key.revoke", key.Id, madeKey, null),
                ("user.register", null, Generation(opened), Generation(again)), ("user.delete", null, Generation(again), null));
        entries.Should().OnlyContain(entry => entry.Record.Outcome == "done" && entry.Record.Code == null);
        entries.Select(entry => entry.Id).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        entries.Select(entry => entry.Record.Note.AtMs).Should().Equal(Enumerable.Range(0, 8).Select(at => NowMs + at));

        static string Generation(long number) => $"{{\"generation\":{number}}}";
    }

    [Fact]
    public async Task Entry_HasAllThatIsKnownOfWhoAsked()
    {
        var by = new Origin(Guid.NewGuid(), Origin.KeyHolder, "0123456789ab", "bob", "2001:db8::1", "request-1");
        var note = new AuditNote(by, NowMs, "user.register", "ada", "key-1", null, """{"ünïcödé":"☃"}""");

        await Users.RegisterAsync("ada", null, note, default);

        var entry = (await ListAsync()).Single().Record;
        entry.Should().Be(new AuditRecord(note with { After = entry.Note.After }, AuditOutcomes.Done));
    }

    [Fact]
    public async Task Action_ThatChangesNothing_HasNoEntry()
    {
        var key = Key();
        await Users.RegisterAsync("ada", NowMs, default);
        await Stores.Keys.AddAsync("ada", key, 10, NowMs, default);
        await Stores.Quotas.ChangeAsync("ada", [new QuotaChange("weight", 5)], default);
        var before = (await ListAsync()).Count;

        await Stores.Keys.AddAsync("ada", key, 10, Note("key.add"), default);
        await Stores.Keys.RevokeAsync("ada", Key().Id, Note("key.revoke"), default);
        await Stores.Quotas.ChangeAsync("ada", [new QuotaChange("weight", 5)], Note("quotas.set"), default);
        await Functions.DeleteAsync("ada", "f", Note("function.delete"), default);
        await Users.CloseAsync("nobody", Note("user.delete"), default);

        (await ListAsync()).Should().HaveCount(before);
    }

    [Fact]
    public async Task Action_ThatIsRepeatedOnItsWay_HasOneEntry()
    {
        var note = Note("key.revoke");
        var key = Key();
        await Users.RegisterAsync("ada", NowMs, default);
        await Stores.Keys.AddAsync("ada", key, 10, NowMs, default);
        var before = (await ListAsync()).Count;

        (await Stores.Keys.RevokeAsync("ada", key.Id, note, default)).Value.Should().BeTrue();
        (await Stores.Keys.RevokeAsync("ada", key.Id, note, default)).Value.Should().BeFalse();

        var entries = await ListAsync();
        entries.Should().HaveCount(before + 1);
        entries[0].Record.Should().BeEquivalentTo(new { Outcome = AuditOutcomes.Done, Note = new { Action = "key.revoke" } });
    }

    [Theory]
    [InlineData(Origin.Admin, true)]
    [InlineData(Origin.Anyone, true)]
    [InlineData(Origin.KeyHolder, false)]
    public async Task Action_ThatIsRefused_HasAnEntryWhereAnOperatorAsked(string actor, bool isKept)
    {
        await Users.RegisterAsync("ada", NowMs, default);
        var before = (await ListAsync()).Count;
        var note = Note("key.add") with { By = new Origin(Guid.NewGuid(), actor) };

        (await Stores.Keys.AddAsync("ada", Key(), 0, note, default)).Error!.Code.Should().Be(ErrorCode.QuotaExceeded);

        var entries = await ListAsync();
        entries.Should().HaveCount(before + (isKept ? 1 : 0));
        if (isKept)
            entries[0].Record.Should().Be(new AuditRecord(note, AuditOutcomes.Refused, "quota_exceeded"));
    }

    [Fact]
    public async Task List_ByUserActionAndTime_HasThoseAlone()
    {
        foreach (var (action, user) in new[] { ("a", "ada"), ("b", "ada"), ("a", "bob"), ("b", "bob"), ("a", "ada") })
            await AppendAsync(Note(action, user: user));

        (await TimesAsync(Query() with { User = "ada" })).Should().Equal(4, 1, 0);
        (await TimesAsync(Query() with { Action = "b" })).Should().Equal(3, 1);
        (await TimesAsync(Query() with { User = "bob", Action = "a" })).Should().Equal(2);
        (await TimesAsync(Query() with { FromMs = NowMs + 1, ToMs = NowMs + 3 })).Should().Equal(2, 1);
        (await TimesAsync(Query() with { User = "ada", Action = "a", ToMs = NowMs + 4 })).Should().Equal(0);
        (await TimesAsync(Query() with { User = "nobody" })).Should().BeEmpty();
    }

    [Fact]
    public async Task List_InPages_HasEachEntryOnceWhateverComesMeanwhile()
    {
        for (var at = 0; at < 7; at++) await AppendAsync(Note("a"));
        var (times, sizes) = (new List<long>(), new List<int>());
        var (before, more) = (0L, true);

        while (more)
        {
            var page = (await Stores.Audit.ListAsync(Query() with { Max = 3, Before = before }, 100_000, default)).Value;
            times.AddRange(page.Entries.Select(entry => entry.Record.Note.AtMs - NowMs));
            sizes.Add(page.Entries.Count);
            (before, more) = (page.Entries[^1].Id, page.More);
            await AppendAsync(Note("a"));
        }

        times.Should().Equal(6, 5, 4, 3, 2, 1, 0);
        sizes.Should().Equal(3, 3, 1);
        var small = (await Stores.Audit.ListAsync(Query(), 1, default)).Value;
        (small.Entries.Count, small.More).Should().Be((1, true));
    }

    [Fact]
    public async Task Append_OfWhatIsThere_ChangesNothing()
    {
        var refusal = new AuditRecord(Note("access"), AuditOutcomes.Refused, "forbidden", 4);

        (await Stores.Audit.AppendAsync([refusal], default)).Value.Should().Be(1);
        (await Stores.Audit.AppendAsync([refusal with { Missed = 9 }, new AuditRecord(Note("access"), AuditOutcomes.Refused)], default))
            .Value.Should().Be(1);

        (await ListAsync()).Select(entry => entry.Record.Missed).Should().Equal(0, 4);
    }

    [Fact]
    public async Task Sweep_RemovesWhatIsOlder()
    {
        for (var at = 0; at < 5; at++) await AppendAsync(Note("a"));

        var removed = 0;
        for (var step = 1; step > 0; removed += step) step = (await Stores.Audit.SweepAsync(NowMs + 3, default)).Value;

        removed.Should().Be(3);
        (await TimesAsync(Query())).Should().Equal(4, 3);
        await AppendAsync(Note("a"));
        (await ListAsync()).Select(entry => entry.Id).Should().BeInDescendingOrder().And.OnlyHaveUniqueItems();
    }

    private AuditNote Note(string action, string? target = null, string? after = null, string user = "ada") =>
        new(new Origin(Guid.NewGuid(), Origin.Admin), _nowMs++, action, user, target, null, after);

    private async Task AppendAsync(AuditNote note) =>
        (await Stores.Audit.AppendAsync([new AuditRecord(note, AuditOutcomes.Done)], default)).Value.Should().Be(1);

    private async Task<IReadOnlyList<AuditEntry>> ListAsync() => (await Stores.Audit.ListAsync(Query(), 1_000_000, default)).Value.Entries;

    private async Task<IEnumerable<long>> TimesAsync(AuditQuery query) =>
        (await Stores.Audit.ListAsync(query, 1_000_000, default)).Value.Entries.Select(entry => entry.Record.Note.AtMs - NowMs);

    private static AuditQuery Query() => new(null, null, 0, 0, 0, 1_000);

    private static NewKey Key()
    {
        var key = ApiKey.Create(RandomNumberGenerator.GetBytes(ApiKey.RandomBytes));
        return new NewKey(key.Id, key.Hash, "a key", Scopes.JobsRead, null, 0);
    }
}
