using FaaS.Application.Messaging;
using Microsoft.Extensions.Logging;

namespace FaaS.Hosts.Shared;

/// <summary>How a line of the log looks: for people, or for machines with <c>FAAS_LOG=json</c>.</summary>
internal static class LogLines
{
    /// <summary>Logs to the console.</summary>
    /// <param name="logging">The host's logging.</param>
    /// <param name="form"><c>text</c>, which is the default, or <c>json</c>.</param>
    /// <exception cref="CompositionException">It is neither.</exception>
    public static ILoggingBuilder AddLines(this ILoggingBuilder logging, string? form) => form switch
    {
        null or "" or "text" => logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.UseUtcTimestamp = true;
        }),
        // Scopes say which request, by the id that the client got as X-Request-Id, and which trace.
        "json" => logging.AddJsonConsole(console =>
        {
            console.IncludeScopes = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            console.UseUtcTimestamp = true;
        }),
        _ => throw new CompositionException($"FAAS_LOG is '{form}'; it must be text or json."),
    };
}
