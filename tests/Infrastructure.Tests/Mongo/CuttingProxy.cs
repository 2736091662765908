using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>Where the line is cut, seen from the server.</summary>
public enum Cut
{
    /// <summary>The command never arrives.</summary>
    Before,

    /// <summary>The command is done, and its answer never arrives.</summary>
    After,

    /// <summary>The command is done, and its answer does not come, but the connection stays.</summary>
    Hang,
}

/// <summary>
/// Stands between a store and its server, sees each command that writes, and cuts the line at a chosen one: what a
/// crash of either side, or of the network, leaves behind. Once cut, nobody gets through until it is mended.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private const int HeaderSize = 16;

    /// <summary>After header, flags, the section's kind, the document's length and its first element's type.</summary>
    private const int CommandOffset = HeaderSize + 4 + 1 + 4 + 1;

    private static readonly string[] Writes = ["insert", "update", "delete", "findAndModify"];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, bool> _open = [];
    private readonly ConcurrentBag<string> _commands = [];
    private readonly IPEndPoint _server;
    private readonly Task _accepting;
    private int _untilCut = int.MaxValue;
    private Cut _cut;
    private volatile bool _isDown;

    public CuttingProxy(string serverUrl)
    {
        var address = MongoDB.Driver.MongoUrl.Create(serverUrl).Server;
        var host = address.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(address.Host);
        _server = new IPEndPoint(host, address.Port);
        _listener.Start();
        var here = serverUrl.Replace(
            $"{address.Host}:{address.Port}", $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}",
            StringComparison.Ordinal);
        // One question, one answer, and never past this: a replica set would tell its members' own addresses.
        Url = $"{here}{(here.Contains('?', StringComparison.Ordinal) ? '&' : '?')}"
            + "directConnection=true&serverMonitoringMode=poll";
        _accepting = AcceptAsync();
    }

    /// <summary>The server's URL by way of here.</summary>
    public string Url { get; }

    /// <summary>Whether the line was cut.</summary>
    public bool IsDown => _isDown;

    /// <summary>The commands that went through since <see cref="CutAt"/>, heartbeats left out.</summary>
    public IReadOnlyCollection<string> Commands => _commands;

    /// <summary>Cuts the line at the n-th command that writes, from 1.</summary>
    public void CutAt(int write, Cut cut)
    {
        _commands.Clear();
        _cut = cut;
        Volatile.Write(ref _untilCut, write);
    }

    public void CutNow()
    {
        _isDown = true;
        foreach (var client in _open.Keys) client.Dispose();
    }

    public void Mend()
    {
        Volatile.Write(ref _untilCut, int.MaxValue);
        _isDown = false;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        CutNow();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                if (_isDown) client.Dispose();
                else _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        _open.TryAdd(client, true);
        try
        {
            await server.ConnectAsync(_server);
            var (near, far) = (client.GetStream(), server.GetStream());
            // The protocol answers each message before the next on the same connection.
            while (await ReadAsync(near) is { } request)
            {
                var isCut = Count(request);
                if (isCut && _cut == Cut.Before) break;
                await far.WriteAsync(request);
                if (await ReadAsync(far) is not { } reply) break;
                if (isCut && _cut == Cut.Hang) continue;
                if (isCut) break;
                await near.WriteAsync(reply);
            }
            if (Volatile.Read(ref _untilCut) <= 0 && _cut != Cut.Hang) CutNow();
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // One side has gone, and the other goes with it.
        }
        finally
        {
            _open.TryRemove(client, out _);
            client.Dispose();
        }
    }

    /// <summary>Whether the line is to be cut at this command.</summary>
    private bool Count(byte[] request)
    {
        var command = CommandOf(request);
        if (command is "hello" or "isMaster" or "ismaster") return false;
        _commands.Add(command);
        return Writes.Contains(command) && Volatile.Read(ref _untilCut) != int.MaxValue
            && Interlocked.Decrement(ref _untilCut) <= 0;
    }

    private static string CommandOf(byte[] request)
    {
        // The legacy query is only spoken to say hello.
        if (BinaryPrimitives.ReadInt32LittleEndian(request.AsSpan(12)) != 2013) return "hello";
        var name = request.AsSpan(CommandOffset);
        return Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);
    }

    private static async Task<byte[]?> ReadAsync(NetworkStream stream)
    {
        var header = new byte[HeaderSize];
        if (await stream.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize) return null;
        var message = new byte[BinaryPrimitives.ReadInt32LittleEndian(header)];
        header.CopyTo(message, 0);
        await stream.ReadExactlyAsync(message.AsMemory(HeaderSize));
        return message;
    }
}
