using System.Diagnostics;

namespace FaaS.Tests.Shared;

/// <summary>Waits, within bounds, for a level to be reached: a condition that stays true once it is.</summary>
public static class Eventually
{
    /// <summary>The bound unless a test names one.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(20);

    // What is waited for needs the cores more than who asks for it.
    private const int PauseMsMax = 16;

    /// <summary>Waits until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not within the bound; the message names the condition.</exception>
    public static Task HoldsAsync(
        Func<bool> condition, TimeSpan? timeout = null,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string? what = null) =>
        HoldsAsync(() => Task.FromResult(condition()), timeout, what);

    /// <summary>Waits until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not within the bound; the message names the condition.</exception>
    public static async Task HoldsAsync(
        Func<Task<bool>> condition, TimeSpan? timeout = null,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        var bound = timeout ?? DefaultTimeout;
        var since = Stopwatch.GetTimestamp();
        for (var pauseMs = 1; !await condition(); pauseMs = Math.Min(2 * pauseMs, PauseMsMax))
        {
            if (Stopwatch.GetElapsedTime(since) > bound)
                throw new TimeoutException($"Not within {bound.TotalMilliseconds:0} ms: {what}");
            await Task.Delay(pauseMs);
        }
    }
}
