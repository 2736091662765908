namespace FaaS.Infrastructure.Fleet.Processes;

/// <summary>
/// When workers may be started after some ended before they were of use: after a pause that doubles, one alone, and the
/// others once that one is ready. Those that were under way when the first of them failed say nothing new, so a batch
/// counts as one failure. Not safe for several threads.
/// </summary>
internal sealed class StartBackoff(TimeSpan min, TimeSpan max, TimeProvider time)
{
    /// <summary>2 to that power times any allowed pause is more than the longest.</summary>
    private const int DoublingsMax = 16;

    private bool _isOpen = true;
    private int _failures;
    private long _failedAt;
    private TimeSpan _pause;

    /// <summary>Failures in a row.</summary>
    public int Failures => _failures;

    /// <summary>The pause after the last failure.</summary>
    public TimeSpan Pause => _pause;

    /// <summary>Whether one more may be started now.</summary>
    /// <param name="starting">The timestamps of the starts of those that are not ready yet.</param>
    public bool Allows(IEnumerable<long> starting) =>
        _isOpen || (time.GetElapsedTime(_failedAt) >= _pause && !starting.Any(startedAt => startedAt >= _failedAt));

    /// <summary>A worker ended before it was of use.</summary>
    /// <param name="startedAt">The timestamp of its start.</param>
    /// <returns>Whether it counts.</returns>
    public bool Failed(long startedAt)
    {
        if (_failures > 0 && startedAt < _failedAt) return false;
        _pause = Min(min * Math.Pow(2, Math.Min(_failures, DoublingsMax)), max);
        _failures++;
        _failedAt = time.GetTimestamp();
        _isOpen = false;
        return true;
    }

    /// <summary>A worker has become ready.</summary>
    /// <param name="startedAt">The timestamp of its start; one older than the failure says nothing about what comes.</param>
    public void Ready(long startedAt)
    {
        if (startedAt >= _failedAt) _isOpen = true;
    }

    /// <summary>A worker has been of use for a while: the next failure is the first of its row.</summary>
    /// <param name="startedAt">The timestamp of its start.</param>
    public void Settled(long startedAt)
    {
        if (_isOpen && startedAt >= _failedAt) _failures = 0;
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
