using System.Globalization;
using System.Net;

namespace FaaS.Hosts.Shared;

/// <summary>
/// Asks a host that runs whether it lives, for images that hold no shell and no other program to ask with:
/// <c>FaaS.Hosts.Db health HEALTH_PORT 28444</c>.
/// </summary>
internal static class HealthCheck
{
    private const string Command = "health";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>Asks, if this is what the command line says.</summary>
    /// <param name="commandLine">
    /// The program, <c>health</c>, the setting that names the port, and the port where it is not set.
    /// </param>
    /// <returns>The exit code: 0 if it lives, 1 if not. Null when the command line says something else.</returns>
    public static async Task<int?> RunAsync(string[] commandLine)
    {
        if (commandLine is not [_, Command, var setting, var otherwise]) return null;
        var port = Environment.GetEnvironmentVariable(setting) ?? otherwise;
        var address = Environment.GetEnvironmentVariable("FAAS_BIND") is { Length: > 0 } bind and not "*" ? bind : "127.0.0.1";
        try
        {
            var url = new UriBuilder("http", address, int.Parse(port, CultureInfo.InvariantCulture), "/health/live").Uri;
            using var client = new HttpClient { Timeout = Patience };
            using var answer = await client.GetAsync(url).ConfigureAwait(false);
            return answer.StatusCode == HttpStatusCode.OK ? 0 : 1;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or FormatException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"Not alive on {address}:{port}: {error.Message}").ConfigureAwait(false);
            return 1;
        }
    }
}
