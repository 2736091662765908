using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FaaS.Benchmarks.Load;

/// <summary>The verb <c>selftest</c>: the raw client against bytes that a platform rarely sends.</summary>
internal static class SelfTest
{
    private static readonly string Large = new('x', 100_000);

    private static readonly (string Name, string Answer, int Status, string Body)[] Cases =
    [
        ("content-length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
        ("header in another case", "HTTP/1.1 404 Not Found\r\nServer: x\r\ncontent-LENGTH:  2\r\n\r\n{}", 404, "{}"),
        ("no body", "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202, ""),
        ("chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n", 200, "hello world"),
        ("larger than the buffer", $"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{Large}", 200, Large),
        ("a large chunk", $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n{Large}\r\n1\r\ny\r\n0\r\n\r\n", 200, Large + "y"),
    ];

    public static async Task<int> RunAsync()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var failed = 0;
        foreach (var piece in (int[])[1 << 20, 1_000, 7])
        {
            var serving = ServeAsync(listener, piece);
            using var client = new RawClient((IPEndPoint)listener.LocalEndPoint!);
            await client.ConnectAsync().ConfigureAwait(false);
            foreach (var (name, _, status, body) in Cases)
            {
                var got = await client.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray()).ConfigureAwait(false);
                var right = got == status && client.Text() == body;
                if (!right) failed++;
                Console.WriteLine($"{(right ? "ok" : "FAILED")}: {name}, in pieces of {piece}");
            }
            await serving.ConfigureAwait(false);
        }
        Console.WriteLine($"{3 * Cases.Length - failed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }

    /// <summary>Answers one connection's requests with the cases in turn, cut into pieces.</summary>
    private static async Task ServeAsync(Socket listener, int piece)
    {
        using var socket = await listener.AcceptAsync().ConfigureAwait(false);
        socket.NoDelay = true;
        var request = new byte[1024];
        foreach (var (_, answer, _, _) in Cases)
        {
            await socket.ReceiveAsync(request).ConfigureAwait(false);
            var bytes = Encoding.ASCII.GetBytes(answer);
            // The head in small pieces, the rest of a large body at once: small pieces of it would take minutes.
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(at < 512 ? piece : 32 << 10, bytes.Length - at);
                await socket.SendAsync(bytes.AsMemory(at, length)).ConfigureAwait(false);
                at += length;
            }
        }
    }
}
