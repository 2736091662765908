using FaaS.Domain.Jobs;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Mongo;

internal static partial class MongoLog
{
    [LoggerMessage(4100, LogLevel.Information, "This process owns the database '{Database}' and serves it.")]
    public static partial void Serving(ILogger logger, string database);

    [LoggerMessage(4101, LogLevel.Warning, "The store does not serve: {Reason}")]
    public static partial void NotServing(ILogger logger, string reason);

    [LoggerMessage(4102, LogLevel.Warning, "A write did not come to an end: {Reason}")]
    public static partial void WriteFailed(ILogger logger, string reason, Exception error);

    [LoggerMessage(4103, LogLevel.Critical, "Job {Job} came with sequence number {Sequence}, which another job has.")]
    public static partial void SequenceTaken(ILogger logger, JobId job, long sequence);

    [LoggerMessage(4104, LogLevel.Information, "What a crash left half done was finished: {Jobs} jobs.")]
    public static partial void Settled(ILogger logger, int jobs);

    [LoggerMessage(4106, LogLevel.Warning,
        "The entry of the audit log for {Action} of '{User}' stays without its outcome: {Reason}")]
    public static partial void EntryUnclosed(ILogger logger, string action, string user, string reason);

    [LoggerMessage(4105, LogLevel.Warning, "MongoDB does not answer: {Reason}")]
    public static partial void NoAnswer(ILogger logger, string reason);
}
