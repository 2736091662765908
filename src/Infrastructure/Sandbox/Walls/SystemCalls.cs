using System.Runtime.InteropServices;

namespace FaaS.Infrastructure.Sandbox.Walls;

/// <summary>
/// The system calls that a warmed-up .NET process makes of what it has: memory, threads, clocks, signals to itself, and
/// descriptors that are open. Numbers from the kernel's tables (arch/x86/entry/syscalls/syscall_64.tbl,
/// include/uapi/asm-generic/unistd.h).
/// </summary>
/// <param name="Architecture">AUDIT_ARCH_… as the kernel tells it to a filter.</param>
/// <param name="Allowed">Let through whatever their arguments are, those called most first.</param>
internal sealed record SystemCalls(
    uint Architecture, uint[] Allowed, uint NewThread, uint NewThread3, uint SignalThread, uint ProcessControl, uint ProcessLimit,
    uint OpenAt, uint Seccomp)
{
    private static readonly SystemCalls X64 = new(
        0xC000003E,
        [
            202, 0, 1, 7, 271, 28, 228, 9, 11, 10, 25, 12, 14, 13, 15, 24, 324, 230, 35, 131, 186, 39, 318, 98, 334, 273, 60, 231,
            20, 19, 17, 8, 3, 5, 32, 72, 63, 96, 201, 229, 97, 99, 100, 102, 104, 107, 108, 203, 204, 293, 218, 219, 239, 309, 27,
            143, 145, 146, 147,
        ],
        NewThread: 56, NewThread3: 435, SignalThread: 234, ProcessControl: 157, ProcessLimit: 302, OpenAt: 257, Seccomp: 317);

    private static readonly SystemCalls Arm64 = new(
        0xC00000B7,
        [
            98, 63, 64, 73, 233, 113, 222, 215, 226, 216, 214, 135, 134, 139, 124, 283, 115, 101, 132, 178, 172, 278, 165, 293, 99,
            93, 94, 66, 65, 67, 62, 57, 80, 23, 25, 160, 169, 114, 163, 179, 153, 174, 176, 175, 177, 122, 123, 59, 96, 128, 236, 168,
            232, 121, 120, 125, 126,
        ],
        NewThread: 220, NewThread3: 435, SignalThread: 131, ProcessControl: 167, ProcessLimit: 261, OpenAt: 56, Seccomp: 277);

    /// <summary>Those of this machine; null on an architecture nobody has written down.</summary>
    public static SystemCalls? OfThisMachine => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => X64,
        System.Runtime.InteropServices.Architecture.Arm64 => Arm64,
        _ => null,
    };
}
