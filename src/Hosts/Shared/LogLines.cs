using FaaS.Application.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace FaaS.Hosts.Shared;

/// <summary>How a line of the log looks: for people, or for machines with <c>FAAS_LOG=json</c>.</summary>
internal static class LogLines
{
    private const string Setting = "FAAS_LOG";
    private const string Json = "json";

    /// <summary>Whether machines read the log.</summary>
    public static bool IsForMachines(IConfiguration configuration) => configuration[Setting] == Json;

    /// <summary>Logs to the console in the form that <c>FAAS_LOG</c> names: <c>text</c>, the default, or <c>json</c>.</summary>
    /// <exception cref="CompositionException">It names another.</exception>
    public static ILoggingBuilder AddLines(this ILoggingBuilder logging, IConfiguration configuration) =>
        configuration[Setting] switch
        {
            null or "" or "text" => logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
                console.UseUtcTimestamp = true;
            }),
            // Scopes say which request, by the id that the client got as X-Request-Id, and which trace.
            Json => logging.AddJsonConsole(console =>
            {
                console.IncludeScopes = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
                console.UseUtcTimestamp = true;
            }),
            var form => throw new CompositionException($"{Setting} is '{form}'; it must be text or json."),
        };
}

internal static partial class HostLog
{
    [LoggerMessage(6000, LogLevel.Information, "Listening on {Address}")]
    public static partial void Listening(ILogger logger, string address);
}
