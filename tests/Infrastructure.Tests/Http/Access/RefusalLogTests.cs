using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Infrastructure.Http.Access;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Infrastructure.Tests.Http.Access;

/// <summary>Which refusals Db is told of, and that those it is not told of are counted.</summary>
public sealed class RefusalLogTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<AccessRefusal> _told = [];
    private readonly RefusalLog _log;
    private Error? _answer;

    public RefusalLogTests() => _log = new RefusalLog(
        new FakePlatform().On((Func<RecordRefusals, Result<RecordedRefusals>>)(request =>
        {
            if (_answer is { } error) return error;
            _told.AddRange(request.Refusals);
            return new RecordedRefusals(request.Refusals.Count);
        })),
        _time);

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Flood_OfRefusals_IsToldInPartAndCountedWhole()
    {
        for (var at = 0; at < 500; at++) _log.Note(Refusal(Origin.Nobody));
        await TellAsync();
        _told.Should().HaveCount(RefusalBucket.Burst).And.OnlyContain(refusal => refusal.Missed == 0);

        _time.Advance(TimeSpan.FromSeconds(11));
        await TellAsync();

        _told.Should().HaveCount(RefusalBucket.Burst + 1);
        _told.Sum(refusal => 1 + refusal.Missed).Should().Be(500, "the last of those that were missed tells of the others");
        _time.Advance(TimeSpan.FromMinutes(1));
        await TellAsync();
        _told.Should().HaveCount(RefusalBucket.Burst + 1, "nothing is left");
    }

    [Fact]
    public async Task Flood_OfStrangers_DoesNotHideTheHolderOfAKey()
    {
        for (var at = 0; at < 500; at++) _log.Note(Refusal(Origin.Nobody));

        _log.Note(Refusal(Origin.KeyHolder));
        await TellAsync();

        _told.Should().ContainSingle(refusal => refusal.By.Actor == Origin.KeyHolder);
    }

    [Fact]
    public async Task Refusals_WhileDbIsAway_AreToldLaterAndAreNotWithoutEnd()
    {
        _answer = new Error(ErrorCode.Unavailable, "Away.", 1);
        for (var at = 0; at < 5_000; at++)
        {
            _log.Note(Refusal(Origin.Nobody));
            _time.Advance(TimeSpan.FromSeconds(10));
            if (at % 100 == 0) await TellAsync();
        }
        _told.Should().BeEmpty();

        _answer = null;
        await TellAsync();

        _told.Should().HaveCountLessThanOrEqualTo(1_001);
        _told.Sum(refusal => 1 + refusal.Missed).Should().Be(5_000);
    }

    [Fact]
    public async Task Refusal_ThatDbNeverTakes_DoesNotHoldUpTheNext()
    {
        _answer = new Error(ErrorCode.BadRequest, "Never.");
        _log.Note(Refusal(Origin.Nobody));
        await TellAsync();

        _answer = null;
        _log.Note(Refusal(Origin.Nobody) with { Code = "forbidden" });
        await TellAsync();

        _told.Select(refusal => refusal.Code).Should().Equal("forbidden");
    }

    private Task TellAsync() => _log.TellAsync(CancellationToken.None);

    private static AccessRefusal Refusal(string actor) =>
        new(new Origin(Guid.NewGuid(), actor), 1, "GET /audit", "", "unauthorized", 0);
}
