namespace FaaS.Application.Worker;

/// <summary>
/// How many jobs to hold beyond those that run: as many as will start within a few milliseconds. While runs are short
/// this hides the way to the queue and back; once they are not, nothing is prefetched, so that no job waits behind a
/// long one while another worker is idle.
/// </summary>
internal sealed class Prefetch(int slots)
{
    /// <summary>A job that has not started after this goes back to the queue.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    private const double LongestMeanUs = 5_000;
    private const double AheadUs = 8_000;
    private const int MaxPerSlot = 32;

    /// <summary>Keeps a worker of many slots within what it may ask the queue for and list to it.</summary>
    private const int MaxAhead = 1_024;

    private double _meanUs = double.NaN;
    private volatile bool _held;

    /// <summary>Jobs to hold beyond the running ones.</summary>
    public int Allowance
    {
        get
        {
            var meanUs = Volatile.Read(ref _meanUs);
            // NaN compares false: before anything was measured nothing is prefetched.
            return meanUs < LongestMeanUs && !_held
                ? Math.Min(MaxAhead, slots * (int)Math.Clamp(AheadUs / meanUs, 1, MaxPerSlot))
                : 0;
        }
    }

    /// <summary>
    /// Prefetched jobs did not start in time, so the runs under way are longer than the average knows. Until one of them
    /// ends nothing is prefetched: what went back would only come again.
    /// </summary>
    public void Hold() => _held = true;

    /// <summary>Takes a run into the moving average (weight 1/16).</summary>
    public void Measure(TimeSpan wall)
    {
        var meanUs = Volatile.Read(ref _meanUs);
        var us = wall.TotalMicroseconds;
        _held = false;
        // Two slots may write at once and one sample be lost, which an average can bear.
        Volatile.Write(ref _meanUs, double.IsNaN(meanUs) ? us : meanUs + ((us - meanUs) / 16));
    }
}
