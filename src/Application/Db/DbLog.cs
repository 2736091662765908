using Microsoft.Extensions.Logging;

namespace FaaS.Application.Db;

internal static partial class DbLog
{
    [LoggerMessage(1000, LogLevel.Information, "Retention removed {Jobs} finished jobs and {Payloads} orphaned bodies.")]
    public static partial void Swept(ILogger logger, int jobs, int payloads);

    [LoggerMessage(1002, LogLevel.Information, "Retention removed {Entries} entries of the audit log.")]
    public static partial void AuditSwept(ILogger logger, int entries);

    [LoggerMessage(1003, LogLevel.Information, "The secrets of {Functions} functions were encrypted with the key '{Key}'.")]
    public static partial void SecretsResealed(ILogger logger, int functions, string key);

    [LoggerMessage(1004, LogLevel.Error, "There are secrets that the key '{Key}' encrypted, and they cannot be read: set Secrets:Keys to have it, as it was. Their functions cannot run.")]
    public static partial void SecretsUnreadable(ILogger logger, string key);

    [LoggerMessage(1005, LogLevel.Warning, "Secrets could not be encrypted with the current key, and it is tried again: {Reason}")]
    public static partial void SecretSweepFailed(ILogger logger, string reason);

    [LoggerMessage(1006, LogLevel.Error, "The schedule of {User}/{Function} cannot be read here, so it makes no job; it is tried again in an hour: {Reason}")]
    public static partial void ScheduleUnreadable(ILogger logger, string user, string function, string reason);

    [LoggerMessage(1001, LogLevel.Warning, "Retention could not run: {Reason}")]
    public static partial void SweepFailed(ILogger logger, string reason);
}
