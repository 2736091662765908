using System.Runtime.InteropServices;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Infrastructure.Sandbox.Native;

/// <summary>What puts walls up and looks whether they stand. 64-bit Linux only.</summary>
internal static partial class Syscalls
{
    public const int SetDumpable = 4;
    public const int NewNetwork = 0x40000000;
    public const int NotPermitted = 1;
    private const int SetModeFilter = 1;
    private const int AllThreads = 1;
    private const int Internet = 2;
    private const int Stream = 1;

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "setgroups", SetLastError = true)]
    public static partial int SetGroups(nint count, nint groups);

    [LibraryImport("libc", EntryPoint = "setresgid", SetLastError = true)]
    public static partial int SetGroup(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    public static partial int SetUser(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetLimit(int resource, out Libc.ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint first, nint second, nint third);

    /// <summary>Puts all threads of this process behind a filter, for good; 0, or the error's number.</summary>
    public static unsafe int Filter(SystemCalls calls, ReadOnlySpan<BpfInstruction> program)
    {
        var code = new RawInstruction[program.Length];
        for (int at = 0; at < code.Length; at++)
            code[at] = new RawInstruction(program[at].Code, program[at].IfTrue, program[at].IfFalse, program[at].Operand);
        fixed (RawInstruction* first = code)
        {
            var filter = new RawProgram { Length = (ushort)code.Length, First = (nint)first };
            nint result = Call((nint)calls.Seccomp, SetModeFilter, AllThreads, (nint)(&filter));
            // A positive one is the thread that could not be made to join.
            return result == 0 ? 0 : result > 0 ? -1 : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Whether a socket can be opened: 0, or the error's number.</summary>
    public static int TrySocket()
    {
        int file = OpenSocket(Internet, Stream, 0);
        if (file < 0) return Marshal.GetLastPInvokeError();
        _ = Libc.Close(file);
        return 0;
    }

    /// <summary>Whether a file can be opened: 0, or the error's number.</summary>
    public static int TryOpen(string path)
    {
        int file = Libc.Open(path, Libc.OpenReadOnly);
        if (file < 0) return Marshal.GetLastPInvokeError();
        _ = Libc.Close(file);
        return 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct RawInstruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    [StructLayout(LayoutKind.Sequential)]
    private struct RawProgram
    {
        public ushort Length;
        public nint First;
    }
}
