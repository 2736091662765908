using Microsoft.Extensions.Logging;

namespace FaaS.Application.Scaler;

internal static partial class ScalerLog
{
    [LoggerMessage(7000, LogLevel.Information, "Scaling by {Policy} between {WorkerMin} and {WorkerMax} workers; fleet: {Fleet}.")]
    public static partial void Started(ILogger logger, string policy, int workerMin, int workerMax, string fleet);

    [LoggerMessage(7001, LogLevel.Information, "{Present} -> {Target} workers ({Rule}): {Reason}")]
    public static partial void Decided(ILogger logger, int present, int target, string rule, string reason);

    [LoggerMessage(7002, LogLevel.Debug, "{Present} workers stay ({Rule}): {Reason}")]
    public static partial void Stays(ILogger logger, int present, string rule, string reason);

    [LoggerMessage(7003, LogLevel.Warning, "Nothing is decided ({Rule}): {Reason}")]
    public static partial void Undecided(ILogger logger, string rule, string reason);

    [LoggerMessage(7004, LogLevel.Error, "The fleet {Fleet} threw when asked to {Verb}.")]
    public static partial void FleetThrew(ILogger logger, Exception error, string fleet, string verb);

    [LoggerMessage(7005, LogLevel.Warning, "{Count} decisions are not recorded yet: {Reason}")]
    public static partial void NotRecorded(ILogger logger, int count, string reason);

    [LoggerMessage(7006, LogLevel.Error, "{Count} decisions cannot be recorded and are given up: {Reason}")]
    public static partial void GivenUp(ILogger logger, int count, string reason);
}
