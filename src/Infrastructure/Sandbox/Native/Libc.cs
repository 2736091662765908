using System.Runtime.InteropServices;

namespace FaaS.Infrastructure.Sandbox.Native;

/// <summary>
/// The system calls .NET has no door for: blocking pipe input and output without the asynchronous machinery, another
/// process's CPU clock, and what a child takes away from itself at its start. 64-bit Linux only.
/// </summary>
internal static partial class Libc
{
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int DuplicateAboveCloseOnExec = 1030;
    public const int OpenReadOnly = 0;
    public const int NoNewPrivileges = 38;
    public const int LimitFileSize = 1;
    public const int LimitCore = 4;
    public const int LimitFiles = 7;
    public const int ClockProcessCpu = 2;
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Terminate = 15;
    public const short PollIn = 1;
    public const short PollHangUp = 16;
    public const short PollError = 8;

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeHandle file, ref byte buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeHandle file, ref readonly byte buffer, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll([In, Out] PollEntry[] entries, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int PollNothing(nint noEntries, nuint zero, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int FileControl(int file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    public static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "pipe", SetLastError = true)]
    public static partial int Pipe([Out, MarshalAs(UnmanagedType.LPArray, SizeConst = 2)] int[] ends);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveDirectory(string path);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetLimit(int resource, ref readonly ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "clock_getcpuclockid", SetLastError = true)]
    public static partial int GetCpuClock(int process, out int clock);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    public static partial int GetTime(int clock, out TimeSpec time);

    /// <summary>From now on the signal does nothing; also not what the runtime does with it.</summary>
    public static void Ignore(int signal) => _ = SetHandler(signal, 1);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void ExitNow(int status);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int File;
        public short Wanted;
        public short Seen;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;

        public readonly TimeSpan Elapsed =>
            new((Seconds * TimeSpan.TicksPerSecond) + (Nanoseconds / TimeSpan.NanosecondsPerTick));
    }
}
