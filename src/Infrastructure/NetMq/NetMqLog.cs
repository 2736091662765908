using FaaS.Application.Messaging;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.NetMq;

internal static partial class NetMqLog
{
    [LoggerMessage(5000, LogLevel.Error, "A pass of a socket's thread failed; it goes on.")]
    public static partial void PassFailed(ILogger logger, Exception error);

    [LoggerMessage(5001, LogLevel.Error, "The handler of {Row} threw.")]
    public static partial void HandlerFailed(ILogger logger, Exception error, string row);

    [LoggerMessage(5002, LogLevel.Information, "Answering at {Endpoint}.")]
    public static partial void Bound(ILogger logger, string endpoint);

    [LoggerMessage(5003, LogLevel.Warning,
        "The link at {Endpoint} is neither private nor tamper-proof: CURVE is off (FAAS_CURVE).")]
    public static partial void LinkIsOpen(ILogger logger, string endpoint);

    [LoggerMessage(5004, LogLevel.Information, "A peer of the role {Role} came.")]
    public static partial void PeerCame(ILogger logger, Roles role);

    [LoggerMessage(5005, LogLevel.Information, "A peer of the role {Role} is gone: {Reason}; {Calls} of its requests end.")]
    public static partial void PeerGone(ILogger logger, Roles role, string reason, int calls);

    [LoggerMessage(5006, LogLevel.Debug, "A handshake was refused: {Reason}.")]
    public static partial void HandshakeRefused(ILogger logger, string reason);

    [LoggerMessage(5007, LogLevel.Information, "Connected to the {Module} at {Endpoint}.")]
    public static partial void Connected(ILogger logger, string module, string endpoint);

    [LoggerMessage(5008, LogLevel.Warning,
        "The connection to the {Module} at {Endpoint} is lost: {Reason}; the outcome of {Count} requests is unknown.")]
    public static partial void ConnectionLost(ILogger logger, string module, string endpoint, string reason, int count);

    [LoggerMessage(5009, LogLevel.Warning, "The {Module} at {Endpoint} refused the handshake: {Reason}.")]
    public static partial void Refused(ILogger logger, string module, string endpoint, string reason);

    [LoggerMessage(5010, LogLevel.Error,
        "The {Module} at {Endpoint} could not prove that it knows the cluster's secret; nothing was sent to it.")]
    public static partial void ServerUnproven(ILogger logger, string module, string endpoint);
}
