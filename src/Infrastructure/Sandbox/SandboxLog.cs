using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sandbox;

/// <summary>What the sandbox agent logs.</summary>
internal static partial class SandboxLog
{
    [LoggerMessage(4100, LogLevel.Debug, "Sandbox child {Pid} is ready after {StartMs:0} ms")]
    public static partial void ChildReady(ILogger logger, int pid, double startMs);

    [LoggerMessage(4101, LogLevel.Information, "Sandbox child {Pid} is gone: {Why} ({Report})")]
    public static partial void ChildGone(ILogger logger, int pid, string why, string report);

    [LoggerMessage(4102, LogLevel.Error, "A sandbox child could not be started")]
    public static partial void StartFailed(ILogger logger, Exception exception);

    [LoggerMessage(4103, LogLevel.Information, "All walls stand around sandbox children: {Standing}")]
    public static partial void AllWallsStand(ILogger logger, string standing);

    [LoggerMessage(4104, LogLevel.Warning, "Walls around sandbox children: {Standing}. Missing: {Missing}")]
    public static partial void WallsStand(ILogger logger, string standing, string missing);

    [LoggerMessage(4105, LogLevel.Error, "Sandbox child {Pid} is not used: a wall that is required does not stand around it")]
    public static partial void WallMissing(ILogger logger, int pid);
}
