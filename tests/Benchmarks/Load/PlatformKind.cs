namespace FaaS.Benchmarks.Load;

/// <summary>A way to run the platform on this machine.</summary>
/// <param name="Name">What it is called on the command line and in tables.</param>
/// <param name="Arguments">Dev's command line.</param>
/// <param name="Settings">Dev's environment.</param>
internal sealed record PlatformKind(string Name, string[] Arguments, params (string Name, string Value)[] Settings)
{
    public static PlatformKind Dev { get; } = new("dev", []);

    /// <summary>Its workers are pinned, here and below: figures of a number that changes meanwhile say nothing.</summary>
    public static PlatformKind Split { get; } = new("split", ["split"], ("FAAS_SPLIT_WORKERS", "1"));

    public static PlatformKind SplitTwoWorkers { get; } = new("split-2", ["split"], ("FAAS_SPLIT_WORKERS", "2"));

    public static PlatformKind SplitCurve { get; } = new("split-curve", ["split"], ("FAAS_SPLIT_WORKERS", "1"), ("FAAS_CURVE", "1"));

    private static readonly PlatformKind[] All = [Dev, Split, SplitTwoWorkers, SplitCurve];

    public static PlatformKind Parse(string? name) => name is null ? Dev : All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new ArgumentException($"No platform '{name}'; there are {string.Join(", ", All.Select(kind => kind.Name))}.");
}
