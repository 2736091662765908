using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FaaS.Infrastructure.Sandbox.Protocol;

/// <summary>Builds one frame in memory, so that it goes out in one write. Reused from frame to frame.</summary>
internal sealed class FrameWriter
{
    private const int BufferBytes = 4 << 10;

    private byte[] _buffer = new byte[BufferBytes];
    private int _length;

    public FrameWriter Begin(FrameKind kind)
    {
        if (_buffer.Length > (BufferBytes << 4)) _buffer = new byte[BufferBytes];
        _buffer[4] = (byte)kind;
        _length = FrameLimits.HeaderBytes;
        return this;
    }

    /// <summary>The finished frame, valid until the next <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> End()
    {
        BinaryPrimitives.WriteInt32LittleEndian(_buffer, _length - FrameLimits.HeaderBytes);
        return _buffer.AsSpan(0, _length);
    }

    public FrameWriter Byte(byte value)
    {
        Take(1)[0] = value;
        return this;
    }

    public FrameWriter UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);
        return this;
    }

    public FrameWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);
        return this;
    }

    public FrameWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);
        return this;
    }

    public FrameWriter Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Take(value.Length));
        return this;
    }

    private Span<byte> Take(int count)
    {
        if (_length + count > _buffer.Length)
            Array.Resize(ref _buffer, (int)Math.Max(_buffer.Length * 2L, _length + (long)count));
        Span<byte> taken = _buffer.AsSpan(_length, count);
        _length += count;
        return taken;
    }
}

/// <summary>Takes one frame's body apart, refusing to read past its end.</summary>
internal ref struct BodyReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public ReadOnlySpan<byte> Bytes(int count) => Take(count);

    public string Text(int count) => Encoding.UTF8.GetString(Take(count));

    public readonly ReadOnlySpan<byte> Rest() => _rest;

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length) throw new BadFrameException("A frame is shorter than its fields.");
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
