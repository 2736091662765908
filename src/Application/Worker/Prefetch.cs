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

    private double _meanUs = double.NaN;

    /// <summary>Jobs to hold beyond the running ones.</summary>
    public int Allowance
    {
        get
        {
            var meanUs = Volatile.Read(ref _meanUs);
            // NaN compares false: before anything was measured nothing is prefetched.
            return meanUs < LongestMeanUs ? slots * (int)Math.Clamp(AheadUs / meanUs, 1, MaxPerSlot) : 0;
        }
    }

    /// <summary>Takes a run into the moving average (weight 1/16).</summary>
    public void Measure(TimeSpan wall)
    {
        var meanUs = Volatile.Read(ref _meanUs);
        var us = wall.TotalMicroseconds;
        // Two slots may write at once and one sample be lost, which an average can bear.
        Volatile.Write(ref _meanUs, double.IsNaN(meanUs) ? us : meanUs + ((us - meanUs) / 16));
    }
}
