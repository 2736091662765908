using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FaaS.Tests.Shared.Net;

/// <summary>Which way bytes go through a <see cref="TcpProxy"/>.</summary>
public enum Way
{
    /// <summary>From whoever connected to the proxy.</summary>
    ToServer,

    /// <summary>Back to whoever connected to the proxy.</summary>
    ToClient,
}

/// <summary>Stands between a client and a server on this machine and does to their bytes what networks do.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<Link, bool> _links = new();
    private readonly Direction[] _directions = [new(), new()];
    private readonly Task _accepting;

    /// <summary>Starts to listen.</summary>
    /// <param name="target">The server's port; another may be set later, for connections made from then on.</param>
    public TcpProxy(int target)
    {
        Target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public int Target { get; set; }

    /// <summary>While set, new connections are closed at once.</summary>
    public bool Refuses { get; set; }

    /// <summary>Bytes that went through, per way.</summary>
    public long Carried(Way way) => Interlocked.Read(ref _directions[(int)way].Carried);

    /// <summary>Bytes that were lost by <see cref="Drop"/>, per way.</summary>
    public long Swallowed(Way way) => Interlocked.Read(ref _directions[(int)way].Swallowed);

    /// <summary>Holds bytes back until <see cref="Resume"/>; none are lost.</summary>
    public void Hold(Way way) => _directions[(int)way].Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets bytes through again.</summary>
    public void Resume(Way way)
    {
        var direction = _directions[(int)way];
        direction.Drops = false;
        Interlocked.Exchange(ref direction.Gate, null)?.TrySetResult();
    }

    /// <summary>Swallows bytes until <see cref="Resume"/>: they are lost, and what follows is out of step.</summary>
    public void Drop(Way way) => _directions[(int)way].Drops = true;

    /// <summary>Flips bits of the next bytes that pass.</summary>
    /// <param name="way">Which bytes.</param>
    /// <param name="chunks">Of how many reads the last byte is changed.</param>
    public void Corrupt(Way way, int chunks = 1) => Interlocked.Exchange(ref _directions[(int)way].Corrupts, chunks);

    /// <summary>Breaks all connections, without a goodbye.</summary>
    public void Cut()
    {
        foreach (var link in _links.Keys) link.Reset();
    }

    /// <summary>Ends all connections one way, in an orderly manner; the other way stays open.</summary>
    public void HalfClose(Way way)
    {
        foreach (var link in _links.Keys) link.HalfClose(way);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        Cut();
        Resume(Way.ToServer);
        Resume(Way.ToClient);
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            var client = await _listener.AcceptSocketAsync(_end.Token);
            if (Refuses) client.Dispose();
            else _ = CarryAsync(client);
        }
    }

    private async Task CarryAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var link = new Link(client, server);
        _links[link] = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, Target, _end.Token);
            await Task.WhenAll(
                CopyAsync(client, server, _directions[(int)Way.ToServer]),
                CopyAsync(server, client, _directions[(int)Way.ToClient]));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Broken connections are what this is for; the other half ends with it.
        }
        finally
        {
            _links.TryRemove(link, out _);
            link.Reset();
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, Direction direction)
    {
        var buffer = new byte[16 << 10];
        while (await from.ReceiveAsync(buffer) is > 0 and var read)
        {
            if (direction.Gate is { } gate) await gate.Task;
            if (direction.Drops)
            {
                Interlocked.Add(ref direction.Swallowed, read);
                continue;
            }
            if (Interlocked.Decrement(ref direction.Corrupts) >= 0) buffer[read - 1] ^= 0xFF;
            else Interlocked.Exchange(ref direction.Corrupts, 0);
            for (var sent = 0; sent < read;) sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
            Interlocked.Add(ref direction.Carried, read);
        }
        to.Shutdown(SocketShutdown.Send);
    }

    private sealed class Direction
    {
        public TaskCompletionSource? Gate;
        public long Carried;
        public long Swallowed;
        public int Corrupts;

        public bool Drops { get; set; }
    }

    private sealed class Link(Socket client, Socket server)
    {
        public void Reset()
        {
            // Closing at once, with what is unsent thrown away, is what resets a connection.
            client.Close(0);
            server.Dispose();
        }

        public void HalfClose(Way way) => (way == Way.ToServer ? server : client).Shutdown(SocketShutdown.Send);
    }
}
