using System.ComponentModel.DataAnnotations;
using FaaS.Domain.Scaling;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Scaler;

/// <summary>What decides the number of workers.</summary>
public enum ScalerPolicy
{
    /// <summary>By the wait that is to be expected: <see cref="QueueDelayPolicy"/>.</summary>
    QueueDelay,

    /// <summary>By the length of the backlog alone, as the original did: <see cref="DoublingPolicy"/>.</summary>
    Doubling,
}

/// <summary>Settings of the scaler, section <c>Scaler</c>.</summary>
public sealed class ScalerOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Scaler";

    /// <summary>Samples this many intervals old say nothing any more.</summary>
    private const int StaleIntervals = 3;

    /// <summary>How often the backlog is sampled and the number of workers decided.</summary>
    /// <value>100 ms to 10 min; default 5 s, the original's.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What decides.</summary>
    /// <value>Default <see cref="ScalerPolicy.QueueDelay"/>.</value>
    [EnumDataType(typeof(ScalerPolicy))]
    public ScalerPolicy Policy { get; set; }

    /// <summary>The fewest workers there are.</summary>
    /// <value>0 to <see cref="WorkerMax"/>; default 1, the original's.</value>
    [Range(0, ScalingBounds.MostWorkers)]
    public int WorkerMin { get; set; } = 1;

    /// <summary>The most workers there are.</summary>
    /// <value>1 to 10,000; default 64, the original's.</value>
    [Range(1, ScalingBounds.MostWorkers)]
    public int WorkerMax { get; set; } = 64;

    /// <summary>For doubling: fewer waiting jobs than this halve the workers.</summary>
    /// <value>0 to <see cref="QueueMax"/> jobs; default 2, the original's.</value>
    [Range(0, 1_000_000)]
    public int QueueMin { get; set; } = 2;

    /// <summary>For doubling: more waiting jobs than this double the workers.</summary>
    /// <value>1 to 1,000,000 jobs; default 32, the original's.</value>
    [Range(1, 1_000_000)]
    public int QueueMax { get; set; } = 32;

    /// <summary>For queue-delay: how long a job may wait for a slot.</summary>
    /// <value>10 ms to 1 h; default 2 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan TargetWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>For queue-delay: the share of the slots that the flow of jobs may keep busy.</summary>
    /// <value>10 to 100 %; default 75 %.</value>
    [Range(10, 100)]
    public int UtilisationPercent { get; set; } = 75;

    /// <summary>For queue-delay: rates are measured over this, and nothing is taken away that was needed within it.</summary>
    /// <value>10 s to 1 h; default 60 s.</value>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan StableWindow { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>For queue-delay: sudden load is looked for in this.</summary>
    /// <value>1 s to <see cref="StableWindow"/>; default 6 s.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan PanicWindow { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>The age at which samples, and what the fleet last said, say nothing any more.</summary>
    internal TimeSpan StaleAfter =>
        TimeSpan.FromSeconds(Math.Max(1, Math.Min(3600, StaleIntervals * Interval.TotalSeconds)));

    /// <summary>The policy of these settings.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Two of them do not go together.</exception>
    internal ScalingPolicy CreatePolicy()
    {
        var bounds = new ScalingBounds { WorkerMin = WorkerMin, WorkerMax = WorkerMax, StaleAfter = StaleAfter };
        return Policy == ScalerPolicy.Doubling
            ? new DoublingPolicy(bounds, new DoublingOptions { QueueMin = QueueMin, QueueMax = QueueMax })
            : new QueueDelayPolicy(bounds, new QueueDelayOptions
            {
                TargetWait = TargetWait,
                Utilisation = UtilisationPercent / 100.0,
                StableWindow = StableWindow,
                PanicWindow = PanicWindow,
            });
    }

    /// <summary>Refuses what single ranges cannot: the policy's constructor knows which values go together.</summary>
    internal sealed class Check : IValidateOptions<ScalerOptions>
    {
        /// <inheritdoc/>
        public ValidateOptionsResult Validate(string? name, ScalerOptions options)
        {
            try
            {
                _ = options.CreatePolicy();
                return ValidateOptionsResult.Success;
            }
            catch (ArgumentOutOfRangeException error)
            {
                return ValidateOptionsResult.Fail($"{SectionName}: {error.Message}");
            }
        }
    }
}
