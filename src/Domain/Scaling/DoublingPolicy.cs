namespace FaaS.Domain.Scaling;

/// <summary>Settings of <see cref="DoublingPolicy"/>.</summary>
public sealed record DoublingOptions
{
    /// <summary>A backlog over this doubles the workers.</summary>
    /// <value>1 to 1,000,000 jobs; default 32, the original's QUEUE_MAX.</value>
    public int QueueMax { get; init; } = 32;

    /// <summary>A backlog under this halves the workers.</summary>
    /// <value>0 to <see cref="QueueMax"/> jobs; default 2, the original's QUEUE_MIN. At 0 nothing is ever halved.</value>
    public int QueueMin { get; init; } = 2;

    internal void Validate()
    {
        ScalingBounds.Require(QueueMax is >= 1 and <= 1_000_000, nameof(QueueMax), QueueMax, "1 to 1,000,000");
        ScalingBounds.Require(QueueMin >= 0 && QueueMin <= QueueMax, nameof(QueueMin), QueueMin, $"0 to QueueMax ({QueueMax})");
    }
}

/// <summary>
/// The original's policy: a long backlog doubles the workers, a short one halves them. It knows neither how long a job
/// takes nor how many come, so it is kept for comparison and for those who rely on it.
/// </summary>
public sealed class DoublingPolicy : ScalingPolicy
{
    private readonly DoublingOptions _options;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside of its range.</exception>
    public DoublingPolicy(ScalingBounds? bounds = null, DoublingOptions? options = null) : base(bounds ?? new ScalingBounds())
    {
        _options = options ?? new DoublingOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    public override string Name => "doubling";

    /// <inheritdoc/>
    protected override ScalingChoice Weigh(IReadOnlyList<ScalingSample> samples, ScalingSample newest)
    {
        var present = newest.Present;
        var jobs = Count(newest.Queued, "job");
        if (newest.Queued > _options.QueueMax)
        {
            // Twice none is none, which would never start.
            var doubled = (int)Math.Min(int.MaxValue, Math.Max(1, 2L * present));
            return new ScalingChoice(ScalingRule.Backlog, doubled, doubled,
                Text($"{jobs} wait, more than {_options.QueueMax}, so the workers are doubled from {present}."));
        }
        if (newest.Queued > 0 && present == 0)
            return new ScalingChoice(ScalingRule.Backlog, 1, 1, Text($"{jobs} wait and there is no worker, so one is started."));
        if (newest.Queued < _options.QueueMin)
        {
            // The last one stays while there is anything to do.
            var halved = Math.Max(present / 2, newest.Queued > 0 || newest.InFlight > 0 ? Math.Min(1, present) : 0);
            return new ScalingChoice(ScalingRule.Surplus, halved, halved,
                Text($"{jobs} wait, fewer than {_options.QueueMin}, so the workers are halved from {present}."));
        }
        return new ScalingChoice(ScalingRule.Enough, present, present,
            Text($"{jobs} wait, between {_options.QueueMin} and {_options.QueueMax}, so {Count(present, "worker")} stay."));
    }
}
