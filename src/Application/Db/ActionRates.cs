using FaaS.Domain;

namespace FaaS.Application.Db;

/// <summary>
/// How many audited actions the holders of one user's keys may take. Each has an entry in the log, so without a bound a
/// user could fill the store with entries.
/// </summary>
internal sealed class ActionRates(TimeProvider time)
{
    /// <summary>Actions at once, and on the average: one a second.</summary>
    public const int Burst = 1_000, PerSecond = 1;

    private const long IntervalUs = 1_000_000 / PerSecond;
    private const int KnownMax = 10_000;

    private readonly Lock _gate = new();

    /// <summary>When each user's bucket is full again, by a clock of microseconds.</summary>
    private readonly Dictionary<string, long> _fullAtUs = [];

    /// <summary>Counts an action; the refusal when there were too many.</summary>
    public Error? Take(Origin? by)
    {
        if (by is not { Actor: Origin.KeyHolder, KeyUser: { } user }) return null;
        var nowUs = (long)time.GetElapsedTime(0).TotalMicroseconds;
        lock (_gate)
        {
            var fullAtUs = Math.Max(_fullAtUs.GetValueOrDefault(user), nowUs) + IntervalUs;
            var tooEarlyUs = fullAtUs - nowUs - (Burst * IntervalUs);
            if (tooEarlyUs > 0)
                return Error.OverQuota(
                    "actions", Burst,
                    $"The keys of '{user}' have made too many changes that are audited: {Burst} at once, and {PerSecond} a second; try again later.",
                    (int)((tooEarlyUs + 999_999) / 1_000_000));
            if (_fullAtUs.Count >= KnownMax) ForgetFull(nowUs);
            _fullAtUs[user] = fullAtUs;
            return null;
        }
    }

    private void ForgetFull(long nowUs)
    {
        foreach (var (user, fullAtUs) in _fullAtUs)
            if (fullAtUs <= nowUs) _fullAtUs.Remove(user);
    }
}
