using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Http.Access;
using FaaS.Tests.Shared;
using MediatR;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Infrastructure.Tests.Http.Access;

/// <summary>For how long a frontend believes what it knows of a key.</summary>
public sealed class KeyRingTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly FakeDb _db = new();
    private readonly ApiKey _key = ApiKey.Create(RandomNumberGenerator.GetBytes(ApiKey.RandomBytes));
    private readonly KeyRing _ring;

    public KeyRingTests()
    {
        _ring = new KeyRing(_db, _time);
        _db.Answer = Record();
    }

    [Fact]
    public async Task Key_ThatIsInUse_IsNotAskedAboutAtEachRequest()
    {
        for (var at = 0; at < 100; at++) (await _ring.FindAsync(_key)).IsOk.Should().BeTrue();

        _db.Asked.Should().Be(1);
    }

    [Fact]
    public async Task Key_ThatIsRevoked_IsRefusedWithinASecondAtTheLatest()
    {
        await _ring.FindAsync(_key);
        _db.Answer = Gone;

        _time.Advance(TimeSpan.FromSeconds(1));

        (await _ring.FindAsync(_key)).Error!.Code.Should().Be(ErrorCode.Unauthorized);
    }

    [Fact]
    public async Task Key_ThatIsInUse_IsAskedAboutInTheBackgroundBeforeItIsOld()
    {
        await _ring.FindAsync(_key);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        _db.Hold();

        (await _ring.FindAsync(_key)).IsOk.Should().BeTrue("nobody waits for the answer");
        _db.Asked.Should().Be(2);
    }

    [Fact]
    public async Task Key_ThatWasRevokedHere_IsForgottenAtOnce()
    {
        await _ring.FindAsync(_key);
        _db.Answer = Gone;

        _ring.Forget(_key.Id);

        (await _ring.FindAsync(_key)).IsOk.Should().BeFalse();
    }

    [Fact]
    public async Task Key_WithAnotherSecret_IsRefusedInTheSameWords()
    {
        _db.Answer = Record(hash: new byte[32]);
        var wrong = (await _ring.FindAsync(_key)).Error!;
        _db.Answer = Gone;
        _ring.Forget(_key.Id);
        var unknown = (await _ring.FindAsync(_key)).Error!;

        wrong.Should().Be(unknown, "whether an id exists is nobody's business");
    }

    [Fact]
    public async Task Key_WhoseTimeIsOver_IsRefusedFromThenOn()
    {
        var end = _time.GetUtcNow().AddMilliseconds(300);
        _db.Answer = Record(expiresAtMs: end.ToUnixTimeMilliseconds());
        (await _ring.FindAsync(_key)).IsOk.Should().BeTrue();

        _time.Advance(TimeSpan.FromMilliseconds(300));

        (await _ring.FindAsync(_key)).Error!.Message.Should().Contain("expired");
        _db.Asked.Should().Be(1);
    }

    [Fact]
    public async Task Db_ThatIsAway_IsNoReasonToRefuseTheKeyLater()
    {
        _db.Answer = new Error(ErrorCode.Unavailable, "Db is away.", 1);
        (await _ring.FindAsync(_key)).Error!.Code.Should().Be(ErrorCode.Unavailable);
        _db.Answer = Record();

        (await _ring.FindAsync(_key)).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task Key_ThatMayDoMuch_IsAskedAboutEachTime()
    {
        await _ring.FindAsync(_key);
        _db.Answer = Gone;

        (await _ring.FindAsync(_key, isFresh: true)).Error!.Code.Should().Be(ErrorCode.Unauthorized);
        (await _ring.FindAsync(_key)).IsOk.Should().BeFalse("what was learnt counts for others too");
    }

    [Fact]
    public async Task Keys_ThatDoNotExist_AreLookedUpFewAtATimeAndDisplaceNobody()
    {
        await _ring.FindAsync(_key);
        _db.Hold();
        var madeUp = Enumerable.Range(0, 100).Select(_ => _ring.FindAsync(
            ApiKey.Create(RandomNumberGenerator.GetBytes(ApiKey.RandomBytes))).AsTask()).ToArray();

        var refused = await Task.WhenAll(madeUp.Where(lookup => lookup.IsCompleted));
        refused.Should().HaveCount(68).And.OnlyContain(lookup => lookup.Error!.Code == ErrorCode.Unavailable);
        (await _ring.FindAsync(_key)).IsOk.Should().BeTrue();
        _db.Asked.Should().Be(33);
    }

    [Fact]
    public async Task Db_OfAnOlderRelease_IsUnavailableAndNotAMissingRoute()
    {
        _db.Answer = new Error(ErrorCode.RouteNotFound, "There is no row db.find-key/1.");

        (await _ring.FindAsync(_key)).Error!.Code.Should().Be(ErrorCode.Unavailable);
    }

    private static Error Gone => new(ErrorCode.Unauthorized, "There is no such key.");

    private Result<KeyRecord> Record(byte[]? hash = null, long expiresAtMs = 0) =>
        new KeyRecord("ann", 7, new NewKey(_key.Id, hash ?? _key.Hash, "k", Scopes.Admin, null, expiresAtMs), 1, 0);

    private sealed class FakeDb : IMediator
    {
        private TaskCompletionSource? _held;
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public Result<KeyRecord> Answer { get; set; }

        /// <summary>Answers no more.</summary>
        public void Hold() => _held = new TaskCompletionSource();

        public async Task<T> Send<T>(IRequest<T> request, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _asked);
            request.Should().BeOfType<FindKey>();
            if (_held is not null) await _held.Task;
            return (T)(object)Answer;
        }

        public Task Publish(object notification, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task Publish<T>(T notification, CancellationToken cancellationToken = default)
            where T : INotification => throw new NotSupportedException();
    }
}
