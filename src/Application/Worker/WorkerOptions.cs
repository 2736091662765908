using System.ComponentModel.DataAnnotations;

namespace FaaS.Application.Worker;

/// <summary>Settings of the worker, section <c>Worker</c>.</summary>
public sealed class WorkerOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Worker";

    /// <summary>How long running functions may go on after SIGTERM; then they are killed and given back uncharged.</summary>
    /// <value>0 to 10 min; default 30 s.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often leases are renewed.</summary>
    /// <value>100 ms to 1 min; default 3 s. A third of the queue's lease duration, or less.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan RenewInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Bytes of sources kept in memory.</summary>
    /// <value>1 MiB to 1 GiB; default 32 MiB.</value>
    [Range(1 << 20, 1 << 30)]
    public int SourceCacheBytes { get; set; } = 32 << 20;

    /// <summary>Bytes of functions' environments kept in memory, secrets among them.</summary>
    /// <value>128 KiB to 1 GiB; default 8 MiB.</value>
    [Range(128 << 10, 1 << 30)]
    public int EnvironmentCacheBytes { get; set; } = 8 << 20;
}
