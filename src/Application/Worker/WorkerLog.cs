using FaaS.Domain.Jobs;
using Microsoft.Extensions.Logging;

namespace FaaS.Application.Worker;

internal static partial class WorkerLog
{
    [LoggerMessage(3000, LogLevel.Information, "The worker drains; {Open} jobs are still open.")]
    public static partial void Draining(ILogger logger, int open);

    [LoggerMessage(3001, LogLevel.Error, "Running job {JobId} failed in an unexpected way.")]
    public static partial void RunThrew(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(3002, LogLevel.Warning, "Job {JobId} could not start and goes back: {Reason}")]
    public static partial void CouldNotStart(ILogger logger, JobId jobId, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "{Count} ends were refused: their leases were not current.")]
    public static partial void Stale(ILogger logger, int count);

    [LoggerMessage(3004, LogLevel.Error, "A turn of a worker's loop failed in an unexpected way; it goes on.")]
    public static partial void StepThrew(ILogger logger, Exception error);

    [LoggerMessage(3005, LogLevel.Error, "Job {JobId} cannot run: {Reason}")]
    public static partial void CouldNotRun(ILogger logger, JobId jobId, string reason);
}
