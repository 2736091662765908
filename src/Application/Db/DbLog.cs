using Microsoft.Extensions.Logging;

namespace FaaS.Application.Db;

internal static partial class DbLog
{
    [LoggerMessage(1000, LogLevel.Information, "Retention removed {Jobs} finished jobs and {Payloads} orphaned bodies.")]
    public static partial void Swept(ILogger logger, int jobs, int payloads);

    [LoggerMessage(1002, LogLevel.Information, "Retention removed {Entries} entries of the audit log.")]
    public static partial void AuditSwept(ILogger logger, int entries);

    [LoggerMessage(1001, LogLevel.Warning, "Retention could not run: {Reason}")]
    public static partial void SweepFailed(ILogger logger, string reason);
}
