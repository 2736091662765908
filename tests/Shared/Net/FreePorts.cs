using System.Net;
using System.Net.Sockets;

namespace FaaS.Tests.Shared.Net;

/// <summary>
/// Ports for processes that are started later. They are from below the range that Linux takes for outgoing connections,
/// so nobody gets one by chance meanwhile, and none is given out twice.
/// </summary>
public static class FreePorts
{
    private const int First = 15_000, End = 32_000;

    private static readonly Lock Gate = new();
    private static int _next = Random.Shared.Next(First, End);

    /// <summary>So many ports that nobody listens at.</summary>
    public static int[] Take(int count)
    {
        lock (Gate) return [.. Enumerable.Range(0, count).Select(_ => Next())];
    }

    private static int Next()
    {
        for (var tried = First; tried < End; tried++)
        {
            var port = _next++;
            if (_next == End) _next = First;
            if (IsFree(port)) return port;
        }
        throw new InvalidOperationException($"No port from {First} to {End} is free.");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
