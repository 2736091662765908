using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Fleet.Processes;

/// <summary>What the fleet of processes logs.</summary>
internal static partial class ProcessFleetLog
{
    [LoggerMessage(4500, LogLevel.Information, "{Worker} starts, as process {Pid} at port {Port}.")]
    public static partial void Starting(ILogger logger, string worker, int pid, int port);

    [LoggerMessage(4501, LogLevel.Information, "{Worker} is ready after {ReadyMs:0} ms.")]
    public static partial void Ready(ILogger logger, string worker, double readyMs);

    [LoggerMessage(4502, LogLevel.Information, "{Worker} is told to leave.")]
    public static partial void ToldToLeave(ILogger logger, string worker);

    [LoggerMessage(4503, LogLevel.Information, "{Worker} has left after {LeaveMs:0} ms, with code {Code}.")]
    public static partial void HasLeft(ILogger logger, string worker, double leaveMs, int code);

    [LoggerMessage(4504, LogLevel.Warning, "{Worker} ended by itself with {Why}")]
    public static partial void Ended(ILogger logger, string worker, string why);

    [LoggerMessage(4505, LogLevel.Error, "{Worker} has not left within {LeaveTimeout}; it is killed.")]
    public static partial void Killing(ILogger logger, string worker, TimeSpan leaveTimeout);

    [LoggerMessage(4506, LogLevel.Warning,
        "Workers ended before they were of use, {Failures} times in a row; none starts for {Pause}.")]
    public static partial void BacksOff(ILogger logger, int failures, TimeSpan pause);

    [LoggerMessage(4507, LogLevel.Error, "{Worker} cannot be started: {Reason} None starts for {Pause}.")]
    public static partial void CannotStart(ILogger logger, string worker, string reason, TimeSpan pause);

    [LoggerMessage(4508, LogLevel.Warning, "{Worker} is not ready after {Seconds:0} s; {Address} says what is missing.")]
    public static partial void NotReady(ILogger logger, string worker, double seconds, Uri address);

    [LoggerMessage(4509, LogLevel.Warning, "{Count} workers still drain; they end by themselves.")]
    public static partial void StillDraining(ILogger logger, int count);
}
