using System.ComponentModel.DataAnnotations;

namespace FaaS.Infrastructure.Fleet.Processes;

/// <summary>Settings of the fleet that is processes of this machine, section <c>ProcessFleet</c>.</summary>
public sealed class ProcessFleetOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "ProcessFleet";

    /// <summary>The environment variable of <see cref="DbUrl"/>: a scaler has it for its workers alone.</summary>
    public const string DbUrlVariable = "DB_URL";

    private const string WorkerAssembly = "FaaS.Hosts.Worker.dll";

    /// <summary>The worker's executable, or its <c>.dll</c>, which the .NET that runs the scaler runs.</summary>
    /// <value>Default: <c>FaaS.Hosts.Worker.dll</c> beside the scaler's own.</value>
    public string? WorkerPath { get; set; }

    /// <summary>Where the workers reach db; also <c>DB_URL</c>.</summary>
    /// <value>An address such as <c>tcp://127.0.0.1:27444</c>; there is no default.</value>
    public string? DbUrl { get; set; }

    /// <summary>
    /// The key of the role worker, where the scaler holds its own role's key and not the secret that all keys derive from.
    /// </summary>
    /// <value>32 bytes as hex or base64; default: the workers get the secret that the scaler has.</value>
    public string? WorkerRoleKey { get; set; }

    /// <summary>The most processes at a time, those that drain included.</summary>
    /// <value>1 to 256; default 128: what drains when <c>Scaler:WorkerMax</c> has just been reached has room beside it.</value>
    [Range(1, 256)]
    public int ProcessesMax { get; set; } = 128;

    /// <summary>
    /// How long a worker that was told to leave may take; then it is killed. It never is before
    /// <c>Worker:DrainTimeout</c> and 10 s are over, whatever this says.
    /// </summary>
    /// <value>1 s to 20 min; default 70 s, 10 s more than a host takes to stop at most.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:20:00")]
    public TimeSpan LeaveTimeout { get; set; } = TimeSpan.FromSeconds(70);

    /// <summary>The pause after a worker ended before it was of use; it doubles up to <see cref="BackoffMax"/>.</summary>
    /// <value>100 ms to 1 min; default 1 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan BackoffMin { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause before a worker is started again.</summary>
    /// <value>100 ms to 1 h; default 1 min.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan BackoffMax { get; set; } = TimeSpan.FromMinutes(1);

    internal string EffectiveWorkerPath => WorkerPath ?? Path.Combine(AppContext.BaseDirectory, WorkerAssembly);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!File.Exists(EffectiveWorkerPath))
            yield return new($"{SectionName}:{nameof(WorkerPath)} must name the worker's file; " +
                $"{EffectiveWorkerPath} does not exist.");
        if (!Uri.TryCreate(DbUrl, UriKind.Absolute, out var url) || url.Scheme != "tcp" || url.Port < 1)
            yield return new($"{SectionName}:{nameof(DbUrl)} ({DbUrlVariable}) must be where the workers reach db, " +
                "such as tcp://127.0.0.1:27444.");
        if (BackoffMax < BackoffMin)
            yield return new($"{SectionName}:{nameof(BackoffMax)} must not be below {nameof(BackoffMin)}.");
    }
}
