namespace FaaS.Infrastructure.Sandbox.Walls;

/// <summary>One of the things that stand between a child's process and the rest of the machine.</summary>
public enum Wall
{
    /// <summary>The environment holds nothing but the settings of .NET that the agent wrote.</summary>
    Environment,

    /// <summary>No descriptor but the pipe to the agent, standard error and .NET's own files.</summary>
    Descriptors,

    /// <summary>The working directory is one where nothing is and nothing can be made.</summary>
    Directory,

    /// <summary>rlimits: files cannot grow, and there are few descriptors.</summary>
    Limits,

    /// <summary>A crash leaves no dump, and processes of the same user cannot look into this one.</summary>
    CoreDumps,

    /// <summary>No capabilities, and no program that gives any (<c>no_new_privs</c>).</summary>
    Privileges,

    /// <summary>A user and a group that nothing else on the machine has.</summary>
    User,

    /// <summary>A network namespace without an interface that is up.</summary>
    Network,

    /// <summary>A seccomp filter that lets through what a running program needs, and nothing that opens anything.</summary>
    SystemCalls,

    /// <summary>A control group that bounds memory and threads.</summary>
    Cgroup,
}

/// <summary>Which walls stand around a child, as it was measured.</summary>
internal sealed class WallReport
{
    private static readonly Wall[] All = Enum.GetValues<Wall>();

    private readonly Dictionary<Wall, string> _missing = [];

    /// <summary>Walls that do not stand, and why.</summary>
    public IReadOnlyDictionary<Wall, string> Missing => _missing;

    /// <summary>Notes that a wall does not stand.</summary>
    public void Lacks(Wall wall, string why) => _missing.TryAdd(wall, why);

    /// <summary>Adds to why a wall does not stand; nothing where it does.</summary>
    public void Explain(Wall wall, string why)
    {
        if (_missing.TryGetValue(wall, out var known)) _missing[wall] = $"{known}; {why}";
    }

    /// <summary>Whether it stands.</summary>
    public bool Has(Wall wall) => !_missing.ContainsKey(wall);

    /// <summary>Names of the walls that stand, in their order.</summary>
    public string Standing() => string.Join(", ", All.Where(Has));

    /// <summary>One line a missing wall: its name, a colon, and why.</summary>
    public string Write() => string.Join('\n', _missing.OrderBy(row => row.Key).Select(row => $"{row.Key}: {row.Value.ReplaceLineEndings(" ")}"));

    /// <summary>Reads what <see cref="Write"/> made. A child is not trusted: what is no wall is passed over.</summary>
    public static WallReport Read(string text)
    {
        var report = new WallReport();
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && Enum.TryParse(line[..colon], out Wall wall) && Enum.IsDefined(wall))
                report.Lacks(wall, line[(colon + 1)..].Trim());
        }
        return report;
    }
}
