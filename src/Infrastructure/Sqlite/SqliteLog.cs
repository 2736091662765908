using FaaS.Domain.Jobs;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Sqlite;

internal static partial class SqliteLog
{
    [LoggerMessage(4000, LogLevel.Error, "A transaction of {Count} writes was rolled back.")]
    public static partial void RolledBack(ILogger logger, Exception error, int count);

    [LoggerMessage(4001, LogLevel.Warning, "Merging the log into the database file failed: {Reason}")]
    public static partial void CheckpointFailed(ILogger logger, string reason);

    [LoggerMessage(4003, LogLevel.Critical, "Job {JobId} came with sequence number {Sequence}, which another job has.")]
    public static partial void SequenceTaken(ILogger logger, JobId jobId, long sequence);

    [LoggerMessage(4004, LogLevel.Error, "One write of a transaction failed, and was taken out of it.")]
    public static partial void WriteFailed(ILogger logger, Exception error);

    [LoggerMessage(4005, LogLevel.Critical, "The disk failed; the process ends.")]
    public static partial void DiskFailed(ILogger logger, Exception error);

    [LoggerMessage(4006, LogLevel.Critical, "{Advice} The process stops.")]
    public static partial void Damaged(ILogger logger, Exception error, string advice);

    [LoggerMessage(4002, LogLevel.Information, "The embedded store is {File}.")]
    public static partial void Opened(ILogger logger, string file);
}
