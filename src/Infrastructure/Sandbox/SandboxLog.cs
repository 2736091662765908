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
}
