using System.Buffers.Binary;

namespace FaaS.Infrastructure.Sandbox.Protocol;

/// <summary>One frame; the body is valid until the next read.</summary>
internal readonly ref struct Frame(FrameKind kind, ReadOnlySpan<byte> body)
{
    public FrameKind Kind { get; } = kind;

    public ReadOnlySpan<byte> Body { get; } = body;
}

/// <summary>Cuts a byte stream into frames. A small frame takes one read of the stream.</summary>
internal sealed class FrameReader(Stream stream, int bodyBytesMax)
{
    /// <summary>A buffer that grew for a large frame is given back after it.</summary>
    private const int BufferBytes = 16 << 10;

    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;

    /// <summary>Blocks for the next frame; false when the stream ended between two frames.</summary>
    /// <exception cref="BadFrameException">The length is over the limit, or the stream ended inside a frame.</exception>
    public bool TryRead(out Frame frame)
    {
        ReleaseGrownBuffer();
        if (!TryFill(FrameLimits.HeaderBytes))
        {
            if (_end > _start) throw new BadFrameException("The stream ended inside a frame's header.");
            frame = default;
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start));
        var kind = (FrameKind)_buffer[_start + 4];
        if (length > (uint)bodyBytesMax) throw new BadFrameException($"A frame of {length} bytes is over the limit.");
        _start += FrameLimits.HeaderBytes;
        if (!TryFill((int)length)) throw new BadFrameException("The stream ended inside a frame.");

        frame = new Frame(kind, _buffer.AsSpan(_start, (int)length));
        _start += (int)length;
        return true;
    }

    /// <summary>Makes the next <paramref name="count"/> bytes contiguous in the buffer.</summary>
    private bool TryFill(int count)
    {
        if (_end - _start < count) MakeRoom(count);
        while (_end - _start < count)
        {
            int read = stream.Read(_buffer.AsSpan(_end));
            if (read == 0) return false;
            _end += read;
        }

        return true;
    }

    private void MakeRoom(int count)
    {
        byte[] target = _buffer;
        if (count > _buffer.Length) target = new byte[count];
        else if (_start + count <= _buffer.Length) return;
        Buffer.BlockCopy(_buffer, _start, target, 0, _end - _start);
        _end -= _start;
        _start = 0;
        _buffer = target;
    }

    private void ReleaseGrownBuffer()
    {
        if (_start != _end) return;
        _start = _end = 0;
        if (_buffer.Length > BufferBytes) _buffer = new byte[BufferBytes];
    }
}
