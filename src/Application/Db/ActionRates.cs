using FaaS.Domain;
using FaaS.Domain.Users;

namespace FaaS.Application.Db;

/// <summary>
/// How many audited actions the holders of one user's keys may take. Each has an entry in the log, so without a bound a
/// user could fill the store with entries.
/// </summary>
internal sealed class ActionRates(TimeProvider time)
{
    /// <summary>Actions at once, and on the average: one a second.</summary>
    public const int Burst = 1_000, PerSecond = 1;

    private const int KnownMax = 10_000;

    private readonly Lock _gate = new();

    private readonly Dictionary<string, TokenBucket> _buckets = [];

    /// <summary>Counts an action; the refusal when there were too many.</summary>
    public Error? Take(Origin? by)
    {
        if (by is not { Actor: Origin.KeyHolder, KeyUser: { } user }) return null;
        var nowUs = (long)time.GetElapsedTime(0).TotalMicroseconds;
        lock (_gate)
        {
            var bucket = _buckets.GetValueOrDefault(user);
            if (!bucket.Take(nowUs, PerSecond, Burst))
                return Error.OverQuota(
                    "actions", Burst,
                    $"The keys of '{user}' have made too many changes that are audited ({Burst} at once, and {PerSecond} a "
                    + "second); try again later.",
                    (int)((bucket.WaitUs(nowUs, PerSecond, Burst) + 999_999) / 1_000_000));
            if (_buckets.Count >= KnownMax) ForgetFull(nowUs);
            _buckets[user] = bucket;
            return null;
        }
    }

    private void ForgetFull(long nowUs)
    {
        foreach (var (user, bucket) in _buckets)
            if (bucket.IsFull(nowUs)) _buckets.Remove(user);
    }
}
