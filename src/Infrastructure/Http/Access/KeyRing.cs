using System.Collections.Concurrent;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using MediatR;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>
/// What this frontend knows of keys. Nothing is believed for longer than <see cref="Trusted"/>, so that a key which was
/// revoked, through whichever frontend, is refused within a second everywhere; before that age is reached a key in use is
/// asked about in the background, so that its holder never waits for it.
/// </summary>
internal sealed class KeyRing(IMediator mediator, TimeProvider time)
{
    /// <summary>The longest that an answer is used.</summary>
    public static readonly TimeSpan Trusted = TimeSpan.FromMilliseconds(900);

    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(400);

    /// <summary>Ids that nobody has may be made up without end.</summary>
    private const int KnownMax = 10_000;

    private readonly ConcurrentDictionary<string, Known> _known = new();

    /// <summary>A key's record, whether it is known and not expired; <see cref="ErrorCode.Unauthorized"/> if not.</summary>
    public async ValueTask<Result<KeyRecord>> FindAsync(ApiKey key)
    {
        var now = time.GetTimestamp();
        if (!_known.TryGetValue(key.Id, out var known) || time.GetElapsedTime(known.AskedAt, now) > Trusted)
            known = Ask(key.Id, now);
        else if (time.GetElapsedTime(known.AskedAt, now) > Fresh && known.Answer.IsCompleted && known.TryRenew())
            _ = RenewAsync(key.Id, now);
        var found = await known.Answer.ConfigureAwait(false);
        // That Db is away says nothing about the key, and is no reason to refuse it for a while.
        if (!IsDefinite(found)) _known.TryRemove(new KeyValuePair<string, Known>(key.Id, known));
        if (!found.IsOk) return found.Error;
        if (!key.Matches(found.Value.Key.Hash)) return Unknown(key.Id);
        var expiresAtMs = found.Value.Key.ExpiresAtMs;
        return expiresAtMs != 0 && expiresAtMs <= time.GetUtcNow().ToUnixTimeMilliseconds()
            ? new Error(ErrorCode.Unauthorized, $"The key '{key.Id}' has expired.")
            : found;
    }

    /// <summary>Forgets a key that was changed through this frontend.</summary>
    public void Forget(string id) => _known.TryRemove(id, out _);

    private static Error Unknown(string id) =>
        new(ErrorCode.Unauthorized, $"There is no key '{id}'; it may have been revoked.");

    private static bool IsDefinite(in Result<KeyRecord> answer) =>
        answer.IsOk || answer.Error.Code == ErrorCode.Unauthorized;

    /// <summary>Takes the place of what is known once it is known itself.</summary>
    private async Task RenewAsync(string id, long now)
    {
        var asked = new Known(now, AskAsync(id));
        if (IsDefinite(await asked.Answer.ConfigureAwait(false))) _known[id] = asked;
    }

    private Known Ask(string id, long now)
    {
        if (_known.Count >= KnownMax) _known.Clear();
        // The age counts from the question: what is changed while it is under way may not be in the answer.
        var asked = new Known(now, AskAsync(id));
        _known[id] = asked;
        return asked;
    }

    private async Task<Result<KeyRecord>> AskAsync(string id)
    {
        var found = await mediator.Send(new FindKey(id), CancellationToken.None).ConfigureAwait(false);
        return found.IsOk || found.Error.Code != ErrorCode.Unauthorized ? found : Unknown(id);
    }

    private sealed class Known(long askedAt, Task<Result<KeyRecord>> answer)
    {
        private int _renewed;

        public long AskedAt => askedAt;

        public Task<Result<KeyRecord>> Answer => answer;

        /// <summary>True for the first who finds it old.</summary>
        public bool TryRenew() => Interlocked.Exchange(ref _renewed, 1) == 0;
    }
}
