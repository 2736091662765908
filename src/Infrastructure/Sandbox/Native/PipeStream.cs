using System.Runtime.InteropServices;

namespace FaaS.Infrastructure.Sandbox.Native;

/// <summary>
/// One end of a pipe, read and written by blocking system calls on the caller's thread. .NET's own pipe streams hop
/// over the thread pool, which costs more than running a small function.
/// </summary>
internal sealed class PipeStream(SafeHandle file) : Stream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what is there, at least one byte; 0 at the end of the stream.</summary>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            nint count = Libc.Read(file, ref MemoryMarshal.GetReference(buffer), buffer.Length);
            if (count >= 0) return (int)count;
            ThrowUnlessRetryable("read", Libc.PollIn);
        }
    }

    /// <summary>Writes everything, blocking while the pipe is full.</summary>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint count = Libc.Write(file, in MemoryMarshal.GetReference(buffer), buffer.Length);
            if (count >= 0) buffer = buffer[(int)count..];
            else ThrowUnlessRetryable("write", PollOut);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }

    private const short PollOut = 4;

    private void ThrowUnlessRetryable(string call, short wanted)
    {
        int error = Marshal.GetLastPInvokeError();
        if (error == Libc.EINTR) return;
        if (error != Libc.EAGAIN) throw new IOException($"{call} on a sandbox pipe failed with errno {error}.");

        // Somebody made the pipe non-blocking; wait for it as if it were not.
        Libc.Poll([new Libc.PollEntry { File = (int)file.DangerousGetHandle(), Wanted = wanted }], 1, -1);
    }
}
