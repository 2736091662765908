using System.Buffers;
using System.Globalization;
using System.Net;
using FaaS.Application.Messaging;

namespace FaaS.Infrastructure.NetMq;

/// <summary>A host and a port.</summary>
/// <param name="Host">A name or an address; <c>*</c> to listen on all.</param>
/// <param name="Port">The port; 0 to listen on any that is free.</param>
public sealed record NetMqAddress(string Host, int Port)
{
    private const string Scheme = "tcp://";

    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz+");

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => Host is "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>Reads <c>tcp://host:port</c>.</summary>
    /// <exception cref="CompositionException">It is not of that form.</exception>
    public static NetMqAddress Parse(string endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var colon = endpoint.LastIndexOf(':');
        if (endpoint.StartsWith(Scheme, StringComparison.Ordinal) && colon > Scheme.Length
            && int.TryParse(endpoint.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65_535)
        {
            var host = endpoint[Scheme.Length..colon];
            if (!host.AsSpan().ContainsAny("/*;@ ")) return new NetMqAddress(host, port);
        }
        // What stands there instead may be a database's address with a password in it, and this goes into logs.
        throw new CompositionException(
            $"'{SchemeOf(endpoint)}…' is not an endpoint; it must be tcp://host:port, with a port from 1 to 65535.");
    }

    private static string SchemeOf(string endpoint)
    {
        var end = endpoint.IndexOf("://", StringComparison.Ordinal);
        return end > 0 && endpoint.AsSpan(0, end).IndexOfAnyExcept(Letters) < 0 ? endpoint[..(end + 3)] : "";
    }
}
