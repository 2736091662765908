using System.Net;
using FaaS.Application.Messaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;

namespace FaaS.Hosts.Shared;

/// <summary>
/// Where a host listens: on the loopback address unless <c>FAAS_BIND</c> names another one, <c>*</c> for all.
/// </summary>
public static class Listening
{
    /// <summary>Listens for users, on the port that <c>PORT</c> names; 0 takes a free one.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="defaultPort">The port without the setting.</param>
    /// <exception cref="CompositionException">
    /// A setting is not what it must be, or everybody could call from outside and nothing says that this is wanted.
    /// </exception>
    public static WebApplicationBuilder ListenForUsers(this WebApplicationBuilder builder, int defaultPort)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var address = Address(builder.Configuration);
        if (!IPAddress.IsLoopback(address) && !builder.Configuration.GetValue("Auth:AllowOpen", false))
            throw new CompositionException(
                $"FAAS_BIND is '{AddressText(builder.Configuration)}', which others can reach, and nobody needs a key: " +
                "listen on 127.0.0.1, or say Auth__AllowOpen=true if that is what you want.");
        return builder.Listen(address, Port(builder.Configuration, "PORT", defaultPort));
    }

    /// <summary>Listens for health checks and metrics.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="setting">The setting that names the port; 0 takes a free one.</param>
    /// <param name="defaultPort">The port without the setting.</param>
    public static WebApplicationBuilder ListenForOperators(
        this WebApplicationBuilder builder, string setting, int defaultPort)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Listen(Address(builder.Configuration), Port(builder.Configuration, setting, defaultPort));
    }

    /// <summary>A port by its setting.</summary>
    /// <exception cref="CompositionException">It is not a port.</exception>
    public static int Port(IConfiguration configuration, string setting, int defaultPort)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var text = configuration[setting];
        if (text is null) return defaultPort;
        return int.TryParse(text, out var port) && port is >= 0 and <= 65535
            ? port
            : throw new CompositionException($"{setting} is '{text}'; it must be a number from 0 to 65535.");
    }

    /// <summary>The address to bind, as ZeroMQ writes it: <c>*</c> for all.</summary>
    public static string AddressText(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration["FAAS_BIND"] ?? "127.0.0.1";
    }

    private static IPAddress Address(IConfiguration configuration)
    {
        var text = AddressText(configuration);
        if (text == "*") return IPAddress.Any;
        return IPAddress.TryParse(text, out var address)
            ? address
            : throw new CompositionException($"FAAS_BIND is '{text}'; it must be an IP address, or * for all.");
    }

    private static WebApplicationBuilder Listen(this WebApplicationBuilder builder, IPAddress address, int port)
    {
        builder.WebHost.ConfigureKestrel(server => server.Listen(address, port));
        return builder;
    }
}
