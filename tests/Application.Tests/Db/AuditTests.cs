using FaaS.Application.Db;
using FaaS.Application.Tests.Messaging;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Users;
using FaaS.Tests.Shared.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Db;

/// <summary>That actions come into the audit log with who asked for them, and that nobody fills it.</summary>
public sealed class AuditTests
{
    private static readonly NewKey Key = new("0123456789ab", new byte[32], "a key", Scopes.Admin, null, 0);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeMilliseconds(1_795_478_400_000));
    private readonly MemoryStore _store = new MemoryStore().With("ann", "add");

    [Theory]
    [MemberData(nameof(RequestShapeTests.Shapes), MemberType = typeof(RequestShapeTests))]
    public async Task EachAction_IsInTheLogWithItsOrigin(Shape shape)
    {
        await using var parts = Parts.Build(shape, _store, time: _time);
        var origins = Enumerable.Range(0, 6).Select(at => By($"r{at}")).ToList();

        (await parts.Mediator.Send(new AddKey("ann", Key, origins[0]))).IsOk.Should().BeTrue();
        (await parts.Mediator.Send(new RevokeKey("ann", Key.Id, origins[1]))).IsOk.Should().BeTrue();
        (await parts.Mediator.Send(new SetQuotas("ann", [new QuotaChange("weight", 2), new QuotaChange("functions", null)], origins[2]))).IsOk.Should().BeTrue();
        (await parts.Mediator.Send(new DeleteFunction("ann", "add", origins[3]))).IsOk.Should().BeTrue();
        (await parts.Mediator.Send(new RegisterUser("ann", Key, origins[4]))).IsOk.Should().BeTrue();
        (await parts.Mediator.Send(new DeleteUser("ann", origins[5]))).IsOk.Should().BeTrue();

        _store.Audit.Select(record => record.Note.By).Should().Equal(origins);
        _store.Audit.Select(record => (record.Note.Action, record.Note.Target)).Should().Equal(
            ("key.add", Key.Id), ("key.revoke", Key.Id), ("quotas.set", null), ("function.delete", "add"),
            ("user.register", Key.Id), ("user.delete", null));
        _store.Audit[2].Note.After.Should().Be("""{"weight":2,"functions":null}""");
        _store.Audit.Should().OnlyContain(record => record.Note.User == "ann" && record.Note.AtMs == 1_795_478_400_000);
    }

    [Fact]
    public async Task Action_OfAnOlderFrontend_IsInTheLogAsOfNobodyKnows()
    {
        await using var parts = Parts.Build(store: _store);

        await parts.Mediator.Send(new DeleteUser("ann"));

        _store.Audit.Single().Note.By.Actor.Should().Be("unknown");
    }

    [Fact]
    public async Task Actions_OfAUsersKeys_AreBoundedAndOthersAreNot()
    {
        await using var parts = Parts.Build(store: _store.With("bob", "add"), time: _time);
        for (var at = 0; at < ActionRates.Burst; at++)
            (await parts.Mediator.Send(new RevokeKey("ann", Key.Id, By("r")))).IsOk.Should().BeTrue();

        var refused = await parts.Mediator.Send(new AddKey("ann", Key, By("r")));

        (refused.Error!.Code, refused.Error.Quota, refused.Error.RetryAfterSeconds).Should().Be((ErrorCode.QuotaExceeded, "actions", 1));
        (await parts.Mediator.Send(new ListKeys("ann"))).Value.Keys.Should().BeEmpty();
        (await parts.Mediator.Send(new AddKey("ann", Key, new Origin(Guid.NewGuid(), Origin.Admin)))).IsOk.Should().BeTrue();
        (await parts.Mediator.Send(new RevokeKey("bob", Key.Id, By("r", "bob")))).IsOk.Should().BeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await parts.Mediator.Send(new RevokeKey("ann", Key.Id, By("r")))).Value.Existed.Should().BeTrue();
    }

    [Fact]
    public async Task Refusals_ThatAreToldTwice_AreInTheLogOnce()
    {
        await using var parts = Parts.Build(store: _store);
        var refusal = new AccessRefusal(By("r"), 5, "PUT /u/{user}/quotas", "ann", "forbidden", 3);

        (await parts.Mediator.Send(new RecordRefusals([refusal]))).Value.New.Should().Be(1);
        (await parts.Mediator.Send(new RecordRefusals([refusal]))).Value.New.Should().Be(0);

        var page = (await parts.Mediator.Send(new ListAudit(new AuditQuery("ann", "access", 0, 0, 0, 10)))).Value;
        page.Entries.Single().Record.Should().Be(new AuditRecord(
            new AuditNote(refusal.By, 5, "access", "ann", "PUT /u/{user}/quotas"), "refused", "forbidden", 3));
    }

    /// <summary>What an entry may have at most, so that a page of them fits a message.</summary>
    [Fact]
    public void Entry_WithTheWorstTexts_IsNotLong()
    {
        var by = new Origin(
            Guid.NewGuid(), new string('\u0001', 16), new string('a', 12), new string('u', 128), new string('\u0001', 64),
            new string('\u0001', 128));
        var quotas = Quota.All.Aggregate(QuotaOverrides.None, (own, quota) => quota.Set(own, quota.Max));
        var key = AuditTexts.Key(Key with { Name = new string('ж', 100), Scopes = ScopeWords.Every, Function = new string('f', 128), ExpiresAtMs = 4_102_444_800_000 });
        foreach (var text in new[] { OwnQuotas.ToText(quotas), key })
        {
            var record = new AuditRecord(
                new AuditNote(by, long.MaxValue, AuditActions.RegisterUser, new string('u', 128), new string('\u0001', 128), text, text),
                AuditOutcomes.Refused, "function_not_found", int.MaxValue);

            record.ToText().Length.Should().BeLessThan(6_000);
            record.ToText().Should().MatchRegex("^[ -~]+$", "the page's bound is in characters");
        }
    }

    private static Origin By(string request, string user = "ann") =>
        new(Guid.NewGuid(), Origin.KeyHolder, "0123456789ab", user, "10.0.0.1", request);
}
