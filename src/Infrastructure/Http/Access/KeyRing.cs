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

    private const int KnownMax = 10_000;

    /// <summary>Keys that are looked up at a time: anybody can make up ids without end, and Db has better things to do.</summary>
    private const int LookupsMax = 32;

    private readonly ConcurrentDictionary<string, Known> _known = new();
    private int _lookups;

    /// <summary>A key's record, where it is known and not expired; <see cref="ErrorCode.Unauthorized"/> if not.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isFresh">Whether Db is asked in any case.</param>
    public async ValueTask<Result<KeyRecord>> FindAsync(ApiKey key, bool isFresh = false)
    {
        var now = time.GetTimestamp();
        var isKnown = _known.TryGetValue(key.Id, out var known) && time.GetElapsedTime(known.AskedAt, now) <= Trusted;
        if (!isKnown || isFresh) return Judge(key, await LookUpAsync(key.Id, now).ConfigureAwait(false));
        if (time.GetElapsedTime(known!.AskedAt, now) > Fresh && known.TryRenew()) _ = LookUpAsync(key.Id, now);
        return Judge(key, known.Record);
    }

    /// <summary>Forgets a key that was changed through this frontend.</summary>
    public void Forget(string id) => _known.TryRemove(id, out _);

    private Result<KeyRecord> Judge(ApiKey key, in Result<KeyRecord> found)
    {
        if (!found.IsOk) return found;
        if (!key.Matches(found.Value.Key.Hash)) return StoreErrors.NoKey(key.Id);
        var expiresAtMs = found.Value.Key.ExpiresAtMs;
        return expiresAtMs != 0 && expiresAtMs <= time.GetUtcNow().ToUnixTimeMilliseconds()
            ? new Error(ErrorCode.Unauthorized, $"The key '{key.Id}' has expired.")
            : found;
    }

    /// <summary>Asks Db. Only keys that exist are remembered, so those that do not exist cannot displace them.</summary>
    private async Task<Result<KeyRecord>> LookUpAsync(string id, long now)
    {
        if (Interlocked.Increment(ref _lookups) > LookupsMax)
        {
            Interlocked.Decrement(ref _lookups);
            return new Error(ErrorCode.Unavailable, "Too many keys are looked up at once; try again.", 1);
        }
        try
        {
            var found = await mediator.Send(new FindKey(id), CancellationToken.None).ConfigureAwait(false);
            if (found.IsOk)
            {
                if (_known.Count >= KnownMax) _known.Clear();
                // The age counts from the question: what was changed while it was under way may not be in the answer.
                _known[id] = new Known(now, found.Value);
                return found;
            }
            if (found.Error.Code == ErrorCode.Unauthorized)
            {
                Forget(id);
                return StoreErrors.NoKey(id);
            }
            // A Db of an older release does not know the question.
            return found.Error.Code is ErrorCode.RouteNotFound or ErrorCode.Forbidden
                ? new Error(ErrorCode.Unavailable, "Db cannot be asked about keys; it has to be upgraded before the frontend.", 1)
                : found;
        }
        finally
        {
            Interlocked.Decrement(ref _lookups);
        }
    }

    private sealed class Known(long askedAt, KeyRecord record)
    {
        private int _renewed;

        public long AskedAt => askedAt;

        public KeyRecord Record => record;

        /// <summary>True for the first who finds it old.</summary>
        public bool TryRenew() => Interlocked.Exchange(ref _renewed, 1) == 0;
    }
}
