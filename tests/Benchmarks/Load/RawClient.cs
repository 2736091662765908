using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FaaS.Benchmarks.Load;

/// <summary>
/// One keep-alive HTTP/1.1 connection with one request outstanding. It reads the status line, Content-Length and
/// chunked bodies, and nothing else: a load driver must cost little beside what it measures.
/// </summary>
internal sealed class RawClient(IPEndPoint server) : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 << 10);
    private byte[]? _unchunked;
    private int _filled;

    /// <summary>The last answer's body; valid until the next request.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    public ValueTask ConnectAsync() => _socket.ConnectAsync(server, CancellationToken.None);

    /// <summary>Sends a request that is already encoded, and reads the answer.</summary>
    /// <returns>The status.</returns>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request)
    {
        while (request.Length > 0)
        {
            var sent = await _socket.SendAsync(request).ConfigureAwait(false);
            request = request[sent..];
        }
        _filled = 0;
        int headEnd;
        while ((headEnd = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0) await FillAsync().ConfigureAwait(false);
        var (status, length) = ParseHead(_buffer.AsSpan(0, headEnd + 2));
        var start = headEnd + 4;
        if (length >= 0)
        {
            while (_filled < start + length) await FillAsync().ConfigureAwait(false);
            Body = _buffer.AsMemory(start, length);
        }
        else
        {
            await ReadChunksAsync(start).ConfigureAwait(false);
        }
        return status;
    }

    public void Dispose()
    {
        _socket.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>Encodes a request.</summary>
    public static byte[] Encode(string method, string path, string body = "", string headers = "") => Encoding.UTF8.GetBytes(
        $"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    /// <summary>The body as text.</summary>
    public string Text() => Encoding.UTF8.GetString(Body.Span);

    /// <summary>A string member of the body, without unescaping: for ids and numbers.</summary>
    public ReadOnlyMemory<byte> Member(ReadOnlySpan<byte> quotedNameAndColonQuote)
    {
        var at = Body.Span.IndexOf(quotedNameAndColonQuote);
        if (at < 0) throw new InvalidDataException($"Unexpected answer: {Text()}");
        var rest = Body[(at + quotedNameAndColonQuote.Length)..];
        return rest[..rest.Span.IndexOf((byte)'"')];
    }

    private static (int Status, int Length) ParseHead(ReadOnlySpan<byte> head)
    {
        if (!Utf8Parser.TryParse(head[9..], out int status, out _)) throw new InvalidDataException("No status line.");
        var length = 0;
        foreach (var line in head.Split("\r\n"u8))
        {
            var text = head[line];
            if (StartsWith(text, "content-length:"u8)
                && !Utf8Parser.TryParse(text[15..].TrimStart((byte)' '), out length, out _))
                throw new InvalidDataException("Content-Length is not a number.");
            if (StartsWith(text, "transfer-encoding:"u8)) return (status, -1);
        }
        return (status, length);
    }

    private static bool StartsWith(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length >= name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);

    private async ValueTask ReadChunksAsync(int at)
    {
        var length = 0;
        while (true)
        {
            int lineEnd;
            while ((lineEnd = _buffer.AsSpan(at, _filled - at).IndexOf("\r\n"u8)) < 0) await FillAsync().ConfigureAwait(false);
            if (!Utf8Parser.TryParse(_buffer.AsSpan(at, lineEnd), out int size, out _, 'x'))
                throw new InvalidDataException("A chunk without a size.");
            at += lineEnd + 2;
            while (_filled < at + size + 2) await FillAsync().ConfigureAwait(false);
            if (size == 0) break;
            _unchunked ??= new byte[16 << 10];
            if (_unchunked.Length < length + size) Array.Resize(ref _unchunked, 2 * (length + size));
            _buffer.AsSpan(at, size).CopyTo(_unchunked.AsSpan(length));
            length += size;
            at += size + 2;
        }
        Body = _unchunked.AsMemory(0, length);
    }

    private async ValueTask FillAsync()
    {
        if (_filled == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(2 * _buffer.Length);
            _buffer.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        var read = await _socket.ReceiveAsync(_buffer.AsMemory(_filled)).ConfigureAwait(false);
        if (read == 0) throw new IOException("The server closed the connection.");
        _filled += read;
    }
}
