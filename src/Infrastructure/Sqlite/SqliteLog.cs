using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sqlite;

internal static partial class SqliteLog
{
    [LoggerMessage(4000, LogLevel.Error, "A transaction of {Count} writes was rolled back.")]
    public static partial void RolledBack(ILogger logger, Exception error, int count);

    [LoggerMessage(4001, LogLevel.Warning, "Merging the log into the database file failed: {Reason}")]
    public static partial void CheckpointFailed(ILogger logger, string reason);

    [LoggerMessage(4002, LogLevel.Information, "The embedded store is {File}.")]
    public static partial void Opened(ILogger logger, string file);
}
