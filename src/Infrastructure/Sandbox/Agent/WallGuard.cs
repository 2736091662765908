using FaaS.Application.Messaging;
using FaaS.Infrastructure.Sandbox.Walls;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// Knows which walls stand around this worker's children, says so once, and lets no child run that lacks one that is required.
/// </summary>
internal sealed class WallGuard(SandboxOptions options, ILogger logger)
{
    private readonly TaskCompletionSource<WallReport> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WallReport? _last;

    /// <summary>What the last child reported; null before any has.</summary>
    public WallReport? Last => Volatile.Read(ref _last);

    /// <summary>A child is ready; whether it may run anything.</summary>
    public bool Admits(WallReport report)
    {
        WallReport? before = Interlocked.Exchange(ref _last, report);
        if (before is null || before.Write() != report.Write()) Say(report);
        _first.TrySetResult(report);
        return Refusal(report) is null;
    }

    /// <summary>Waits for the first child, where walls are required, and refuses to go on without them.</summary>
    /// <exception cref="CompositionException">A required wall does not stand, or no child could say.</exception>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        if (options.RequiredWalls.Length == 0) return;
        try
        {
            WallReport report = await _first.Task.WaitAsync(options.StartDeadline, cancellation).ConfigureAwait(false);
            if (Refusal(report) is { } refusal) throw new CompositionException(refusal);
        }
        catch (TimeoutException)
        {
            throw new CompositionException(
                $"No sandbox child was ready within {options.StartDeadline.TotalSeconds:0} s, so it is not known whether the walls of "
                + $"{SandboxOptions.SectionName}:{nameof(SandboxOptions.RequiredWalls)} stand; the log says why.");
        }
    }

    private string? Refusal(WallReport report)
    {
        Wall[] missing = [.. options.Required().Where(wall => !report.Has(wall))];
        return missing.Length == 0 ? null
            : $"{SandboxOptions.SectionName}:{nameof(SandboxOptions.RequiredWalls)} asks for walls that do not stand here: "
                + string.Join("; ", missing.Select(wall => $"{wall} ({report.Missing[wall]})")) + ".";
    }

    private void Say(WallReport report)
    {
        if (report.Missing.Count == 0) SandboxLog.AllWallsStand(logger, report.Standing());
        else SandboxLog.WallsStand(logger, report.Standing(), report.Write().Replace("\n", "; ", StringComparison.Ordinal));
    }
}
