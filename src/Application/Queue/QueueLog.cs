using FaaS.Domain;
using FaaS.Domain.Jobs;
using Microsoft.Extensions.Logging;

namespace FaaS.Application.Queue;

internal static partial class QueueLog
{
    [LoggerMessage(2000, LogLevel.Information, "The queue runs in epoch {Epoch} with {Jobs} unfinished jobs.")]
    public static partial void Started(ILogger logger, long epoch, int jobs);

    [LoggerMessage(2001, LogLevel.Warning, "The queue waits for db: {Reason}")]
    public static partial void WaitsForDb(ILogger logger, string reason);

    [LoggerMessage(2002, LogLevel.Critical, "Another queue has taken over from epoch {Epoch}; this one stops.")]
    public static partial void Fenced(ILogger logger, long epoch);

    [LoggerMessage(2003, LogLevel.Error, "A commit failed in an unexpected way; it is tried again.")]
    public static partial void CommitThrew(ILogger logger, Exception error);

    [LoggerMessage(2004, LogLevel.Warning, "A commit failed ({Code}: {Reason}); next try in {PauseMs} ms.")]
    public static partial void CommitFailed(ILogger logger, ErrorCode code, string reason, int pauseMs);

    [LoggerMessage(2005, LogLevel.Information, "The store answers again after {Failures} failures.")]
    public static partial void StoreBack(ILogger logger, int failures);

    [LoggerMessage(2006, LogLevel.Warning, "Job {JobId} was unfinished and unknown to the queue; it is adopted.")]
    public static partial void Adopted(ILogger logger, JobId jobId);

    [LoggerMessage(2007, LogLevel.Error, "A round of upkeep failed in an unexpected way; the next one follows in a minute.")]
    public static partial void UpkeepThrew(ILogger logger, Exception error);

    [LoggerMessage(2009, LogLevel.Error, "A round of schedules failed in an unexpected way; the next one follows in a second.")]
    public static partial void SchedulesThrew(ILogger logger, Exception error);

    [LoggerMessage(2008, LogLevel.Error, "The store refuses what was to be written of job {JobId} ({Code}: {Reason}).")]
    public static partial void RowRefused(ILogger logger, JobId jobId, ErrorCode code, string reason);
}
