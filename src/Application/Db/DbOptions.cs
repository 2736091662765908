using System.ComponentModel.DataAnnotations;
using FaaS.Domain.Functions;

namespace FaaS.Application.Db;

/// <summary>Settings of the db module, section <c>Db</c>.</summary>
public sealed class DbOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Db";

    /// <summary>How long finished jobs are kept, with their results and logs. Their bill is kept for good.</summary>
    /// <value>1 min to 10 years; default 7 days.</value>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long entries of the audit log are kept.</summary>
    /// <value>1 min to 10 years; default 90 days.</value>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan AuditRetention { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long a stored body may wait for the job that refers to it.</summary>
    /// <value>1 min to 1 day; default 1 h.</value>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan OrphanAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often it is looked for what is past its time.</summary>
    /// <value>1 s to 1 day; default 1 min.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>The bounds a function runs under unless it is configured otherwise, section <c>Functions</c>.</summary>
public sealed class FunctionOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Functions";

    /// <summary>Wall-clock and CPU bound of one invocation.</summary>
    /// <value>10 ms to 1 h; default 60 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan Timeout { get; set; } = FunctionLimits.Default.Timeout;

    /// <summary>Memory bound of one invocation, in MiB.</summary>
    /// <value>16 to 4,096; default 128.</value>
    [Range(16, 4096)]
    public int MemoryMiB { get; set; } = FunctionLimits.Default.MemoryMiB;

    /// <summary>The largest time limit that a function may be configured with.</summary>
    /// <value>10 ms to 1 h; default 15 min. Never less than <see cref="Timeout"/>.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan TimeoutMax { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The largest memory limit that a function may be configured with, in MiB. Workers must have it.</summary>
    /// <value>16 to 4,096; default 512. Never less than <see cref="MemoryMiB"/>.</value>
    [Range(16, 4096)]
    public int MemoryMiBMax { get; set; } = 512;

    /// <summary>What a function may be configured with.</summary>
    public SettingsBounds ToBounds() => new(
        (int)Math.Max(Timeout.TotalMilliseconds, TimeoutMax.TotalMilliseconds), Math.Max(MemoryMiB, MemoryMiBMax));

    /// <summary>Both bounds of an invocation.</summary>
    public FunctionLimits ToLimits() => new(Timeout, MemoryMiB);
}
