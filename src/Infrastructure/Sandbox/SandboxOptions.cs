using System.ComponentModel.DataAnnotations;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Infrastructure.Sandbox;

/// <summary>When a child may run the code of another owner than before.</summary>
public enum ChildReuse
{
    /// <summary>Always: each invocation has a realm of its own.</summary>
    Any,

    /// <summary>Never: the child is replaced between owners.</summary>
    Owner,
}

/// <summary>How the sandbox agent runs its children.</summary>
public sealed class SandboxOptions : IValidatableObject
{
    /// <summary>The configuration section: <c>Sandbox</c>.</summary>
    public const string SectionName = "Sandbox";

    /// <summary>Functions that run at the same time; 0 to 256, default 0: one more than there are cores.</summary>
    [Range(0, 256)]
    public int Slots { get; set; }

    /// <summary>Children started at once and kept, beside the spares; 0 to 256, default 0: one a core.</summary>
    [Range(0, 256)]
    public int Warm { get; set; }

    /// <summary>Warm children kept beyond those that are busy; 0 to 16, default 1.</summary>
    [Range(0, 16)]
    public int Spares { get; set; } = 1;

    /// <summary><c>any</c> (default) gives a child to the next owner, <c>owner</c> replaces it between owners.</summary>
    public ChildReuse Reuse { get; set; } = ChildReuse.Any;

    /// <summary>The largest result, in bytes of UTF-8; 1 KiB to 16 MiB, default 1 MiB.</summary>
    [Range(1 << 10, 16 << 20)]
    public int ResultBytesMax { get; set; } = 1 << 20;

    /// <summary>What one run may write to the console, in bytes of the stored JSON; 1 KiB to 1 MiB, default 64 KiB.</summary>
    [Range(1 << 10, 1 << 20)]
    public int LogBytesMax { get; set; } = 64 << 10;

    /// <summary>Time past its deadline after which a child is killed; 10 ms to 10 s, default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan Grace { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a source may take to evaluate when it is registered; 100 ms to 10 s, default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:10")]
    public TimeSpan CheckDeadline { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>CPU time one run may use; 10 ms to 1 h, default null: as much as its wall-clock timeout.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan? CpuLimit { get; set; }

    /// <summary>
    /// Resident memory a child may have beside its function's limit, in MiB; 32 to 1,024, default 96. It is what
    /// .NET, its compiler and a full stack take; past limit and base the child is killed.
    /// </summary>
    [Range(32, 1024)]
    public int BaseMemoryMiB { get; set; } = 96;

    /// <summary>How long a child may take from its start until it is ready; 1 s to 2 min, default 1 min: on a busy machine a start may take many seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan StartDeadline { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Walls without which the worker does not start, separated by commas or spaces, or <c>All</c>; default none. Names:
    /// <see cref="Wall"/>. Those that do not stand are in the log either way.
    /// </summary>
    public string RequiredWalls { get; set; } = "";

    /// <summary>
    /// The child's executable, or its <c>.dll</c>, which the current .NET runs; default null:
    /// <c>FaaS.Hosts.Sandbox</c> beside the running host.
    /// </summary>
    public string? ChildPath { get; set; }

    internal int EffectiveSlots => Slots > 0 ? Slots : Environment.ProcessorCount + 1;

    internal int EffectiveWarm => Math.Min(Warm > 0 ? Warm : Environment.ProcessorCount, EffectiveSlots);

    /// <summary>The walls that are required.</summary>
    internal IReadOnlyList<Wall> Required() => IsAll
        ? Enum.GetValues<Wall>()
        : [.. WallNames().Select(name => Enum.Parse<Wall>(name, ignoreCase: true))];

    private bool IsAll => RequiredWalls.Trim().Equals("All", StringComparison.OrdinalIgnoreCase);

    private string[] WallNames() => RequiredWalls.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ChildPath is not null && !File.Exists(ChildPath))
        {
            yield return new ValidationResult(
                $"{SectionName}:{nameof(ChildPath)} must name an existing file; {ChildPath} does not exist.", [nameof(ChildPath)]);
        }

        string[] known = Enum.GetNames<Wall>();
        string[] unknown = IsAll ? [] : [.. WallNames().Where(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase))];
        if (unknown.Length > 0)
        {
            yield return new ValidationResult(
                $"{SectionName}:{nameof(RequiredWalls)} names {string.Join(", ", unknown)}; there are {string.Join(", ", known)}, and All.",
                [nameof(RequiredWalls)]);
        }
    }
}
