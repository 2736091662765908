using System.Runtime.InteropServices;
using FaaS.Infrastructure.Sandbox.Native;
using Microsoft.Win32.SafeHandles;

namespace FaaS.Infrastructure.Sandbox.Child;

/// <summary>
/// The child's main thread. It runs no script, so nothing a function does can keep it from noticing that the agent's
/// end of the pipe is gone, and from ending the process at that moment. It also sends log lines that grew old.
/// </summary>
internal sealed class Supervisor : IDisposable
{
    private const int LogAgeMs = 50;

    private readonly Libc.PollEntry[] _entries = new Libc.PollEntry[2];
    private readonly SafeFileHandle _wakeRead;
    private readonly SafeFileHandle _wakeWrite;

    public Supervisor(SafeFileHandle input)
    {
        int[] ends = new int[2];
        if (Libc.Pipe(ends) < 0) throw new IOException("pipe failed.");
        _wakeRead = new SafeFileHandle(ends[0], ownsHandle: true);
        _wakeWrite = new SafeFileHandle(ends[1], ownsHandle: true);

        // No event is asked for on the input: the script thread reads it. A hang-up is always reported.
        _entries[0].File = (int)input.DangerousGetHandle();
        _entries[1].File = ends[0];
        _entries[1].Wanted = Libc.PollIn;
    }

    /// <summary>Asks for <see cref="Outbox.FlushLogs"/> in 50 ms.</summary>
    public void Wake()
    {
        byte token = 0;
        Libc.Write(_wakeWrite, in token, 1);
    }

    /// <summary>Watches until the process ends.</summary>
    public void Watch(Outbox outbox)
    {
        Span<byte> tokens = stackalloc byte[16];
        while (true)
        {
            ExitWhenHungUp(Libc.Poll(_entries, 2, -1));
            if ((_entries[1].Seen & Libc.PollIn) == 0) continue;

            Libc.Read(_wakeRead, ref MemoryMarshal.GetReference(tokens), tokens.Length);
            ExitWhenHungUp(Libc.Poll(_entries, 1, LogAgeMs));
            outbox.FlushLogs();
        }
    }

    public void Dispose()
    {
        _wakeRead.Dispose();
        _wakeWrite.Dispose();
    }

    private void ExitWhenHungUp(int ready)
    {
        if (ready > 0 && (_entries[0].Seen & (Libc.PollHangUp | Libc.PollError)) != 0) Libc.ExitNow(0);
    }
}
