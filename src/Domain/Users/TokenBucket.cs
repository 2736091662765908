namespace FaaS.Domain.Users;

/// <summary>
/// A token bucket, as the generic cell rate algorithm (ITU-T I.371): the instant at which the bucket would be full again
/// says all there is to know about it. A new one is full. Times are microseconds of a clock that does not go back.
/// </summary>
public struct TokenBucket
{
    private const long SecondUs = 1_000_000;

    private long _fullAtUs;

    /// <summary>How long until there is a token, in microseconds; 0 when there is one.</summary>
    /// <param name="nowUs">Now.</param>
    /// <param name="perSecond">Tokens a second; 0 for no bound.</param>
    /// <param name="burst">Tokens that a full bucket has.</param>
    public readonly long WaitUs(long nowUs, double perSecond, int burst) =>
        perSecond == 0 ? 0 : Math.Max(0, Next(nowUs, perSecond) - nowUs - (long)(burst * SecondUs / perSecond));

    /// <summary>Takes a token that there is.</summary>
    /// <param name="nowUs">Now.</param>
    /// <param name="perSecond">Tokens a second; 0 for no bound.</param>
    /// <param name="burst">Tokens that a full bucket has.</param>
    /// <returns>False, and nothing is taken, when there is none.</returns>
    public bool Take(long nowUs, double perSecond, int burst)
    {
        if (perSecond == 0) return true;
        if (WaitUs(nowUs, perSecond, burst) > 0) return false;
        _fullAtUs = Next(nowUs, perSecond);
        return true;
    }

    /// <summary>Whether it is full, so that nothing is lost by forgetting it.</summary>
    public readonly bool IsFull(long nowUs) => _fullAtUs <= nowUs;

    private readonly long Next(long nowUs, double perSecond) => Math.Max(_fullAtUs, nowUs) + (long)(SecondUs / perSecond);
}
