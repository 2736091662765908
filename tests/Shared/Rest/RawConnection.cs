using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FaaS.Tests.Shared.Rest;

/// <summary>A bare connection, for requests that no proper client would send.</summary>
public sealed class RawConnection : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly NetworkStream _stream;

    private RawConnection(Uri address)
    {
        _socket.Connect(IPAddress.Loopback, address.Port);
        _stream = new NetworkStream(_socket, ownsSocket: true);
    }

    public static RawConnection Open(Uri address) => new(address);

    public ValueTask SendAsync(string text) => _stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes);

    /// <summary>Says that nothing more will come, and goes on reading.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The next answer; null when the server closed the connection instead.</summary>
    public async Task<Answer?> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var head = await ReadHeadAsync(patience.Token).ConfigureAwait(false);
        if (head is null) return null;
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers["Content-Length"], System.Globalization.CultureInfo.InvariantCulture)];
        await _stream.ReadExactlyAsync(body, patience.Token).ConfigureAwait(false);
        var status = int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        return new Answer(status, headers, Encoding.UTF8.GetString(body));
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<string?> ReadHeadAsync(CancellationToken cancellation)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < 65_536)
        {
            try
            {
                if (await _stream.ReadAsync(one, cancellation).ConfigureAwait(false) == 0) return null;
            }
            catch (IOException)
            {
                return null;
            }
            head.Append((char)one[0]);
            if (one[0] == '\n' && head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n") return head.ToString();
        }
        throw new InvalidDataException("The head of the answer does not end.");
    }
}
