using System.Net;
using System.Net.Sockets;
using FaaS.Application.Messaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Hosts.Shared;

/// <summary>
/// Where a host listens: on the loopback address unless <c>FAAS_BIND</c> names another one, <c>*</c> for all.
/// </summary>
public static class Listening
{
    /// <summary>Listens for users, on the port that <c>PORT</c> names; 0 takes a free one.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="defaultPort">The port without the setting.</param>
    /// <param name="isGuarded">Whether callers need keys, or it is said that they need none.</param>
    /// <exception cref="CompositionException">
    /// A setting is not what it must be, or everybody could call from outside and nothing says that this is wanted.
    /// </exception>
    public static WebApplicationBuilder ListenForUsers(this WebApplicationBuilder builder, int defaultPort, bool isGuarded)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var address = Address(builder.Configuration);
        if (!IPAddress.IsLoopback(address) && !isGuarded)
            throw new CompositionException(
                $"FAAS_BIND is '{AddressText(builder.Configuration)}', which others can reach, and nobody needs a key: " +
                "listen on 127.0.0.1, ask for keys with Auth__Mode=keys, or say Auth__AllowOpen=true if that is what you want.");
        return builder.Listen(address, "PORT", defaultPort);
    }

    /// <summary>Listens for health checks and metrics.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="setting">The setting that names the port; 0 takes a free one.</param>
    /// <param name="defaultPort">The port without the setting.</param>
    public static WebApplicationBuilder ListenForOperators(
        this WebApplicationBuilder builder, string setting, int defaultPort)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Listen(Address(builder.Configuration), setting, defaultPort);
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

    /// <summary>
    /// Takes the port now, before anything else begins: the server starts last, and what had started would have to be
    /// stopped again. Nobody can connect until the server listens.
    /// </summary>
    private static WebApplicationBuilder Listen(
        this WebApplicationBuilder builder, IPAddress address, string setting, int defaultPort)
    {
        var endpoint = new IPEndPoint(address, Port(builder.Configuration, setting, defaultPort));
        var socket = Bind(endpoint, setting);
        builder.WebHost.ConfigureKestrel(server => server.Listen(endpoint));
        builder.Services.PostConfigure<SocketTransportOptions>(sockets =>
        {
            var others = sockets.CreateBoundListenSocket;
            sockets.CreateBoundListenSocket = wanted => wanted.Equals(endpoint) ? socket : others(wanted);
        });
        return builder;
    }

    private static Socket Bind(IPEndPoint endpoint, string setting)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException error)
        {
            var why = error.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"port {endpoint.Port} is in use; stop who uses it, or set {setting} to another",
                SocketError.AccessDenied => $"port {endpoint.Port} needs more rights; set {setting} to one from 1024 on",
                SocketError.AddressNotAvailable => $"this machine has no address {endpoint.Address}; set FAAS_BIND to one it has",
                _ => $"{endpoint} cannot be used ({error.Message}); see {setting} and FAAS_BIND",
            };
            throw new CompositionException($"{char.ToUpperInvariant(why[0])}{why[1..]}.");
        }
    }
}
