namespace FaaS.Infrastructure.Sandbox.Walls;

/// <summary>One instruction of classic BPF, as the kernel reads it.</summary>
/// <param name="Code">What to do.</param>
/// <param name="IfTrue">Instructions to skip when a comparison holds.</param>
/// <param name="IfFalse">Instructions to skip when it does not.</param>
/// <param name="Operand">The constant.</param>
internal readonly record struct BpfInstruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

/// <summary>
/// Writes the filter of a child's system calls: what stands in the list, a few by their arguments, and EPERM for all others.
/// Refused calls fail as for lack of a right, so that .NET goes on; only a program of another architecture is killed.
/// </summary>
internal static class SeccompFilter
{
    private const ushort Load = 0x20, JumpIfEqual = 0x15, JumpIfAtLeast = 0x35, JumpIfSet = 0x45, Return = 0x06;
    private const uint Allow = 0x7FFF0000, KillProcess = 0x80000000, Errno = 0x00050000;
    private const uint NotPermitted = 1, NotImplemented = 38;
    private const uint NumberAt = 0, ArchitectureAt = 4, ArgumentsAt = 16;

    /// <summary>Calls of the x32 interface have this bit, and go by other numbers.</summary>
    private const uint X32 = 0x40000000;

    private const uint CloneThread = 0x00010000;

    /// <summary>O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND.</summary>
    private const uint OpenToWrite = 0x1 | 0x2 | 0x40 | 0x200 | 0x400;

    /// <summary>PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names, for people who look at threads and memory.</summary>
    private static readonly uint[] ProcessControls = [15, 16, 0x53564D41];

    /// <summary>The filter.</summary>
    /// <param name="calls">The machine's numbers.</param>
    /// <param name="process">The process that it is for: the only one whose threads it may signal.</param>
    /// <param name="mayRead">Whether files may be opened, to be read only.</param>
    public static BpfInstruction[] Write(SystemCalls calls, int process, bool mayRead)
    {
        List<BpfInstruction> program =
        [
            Of(Load, ArchitectureAt),
            new(JumpIfEqual, 1, 0, calls.Architecture),
            Of(Return, KillProcess),
            Of(Load, NumberAt),
            new(JumpIfAtLeast, 0, 1, X32),
            Of(Return, Errno | NotPermitted),
        ];
        foreach (var call in calls.Allowed) program.AddRange([new(JumpIfEqual, 0, 1, call), Of(Return, Allow)]);
        // glibc makes threads the older way where this one does not exist: there the flags can be seen.
        program.AddRange([new(JumpIfEqual, 0, 1, calls.NewThread3), Of(Return, Errno | NotImplemented)]);
        AddWhen(program, calls.NewThread, [Argument(0), new(JumpIfSet, 0, 1, CloneThread), Of(Return, Allow)]);
        AddWhen(program, calls.SignalThread, [Argument(0), new(JumpIfEqual, 0, 1, (uint)process), Of(Return, Allow)]);
        AddWhen(program, calls.ProcessControl,
            [Argument(0), .. ProcessControls.SelectMany(control => (BpfInstruction[])[new(JumpIfEqual, 0, 1, control), Of(Return, Allow)])]);
        if (mayRead) AddWhen(program, calls.OpenAt, [Argument(2), new(JumpIfSet, 1, 0, OpenToWrite), Of(Return, Allow)]);
        // Its own limits, and only to read them: process 0, no new limit.
        AddWhen(program, calls.ProcessLimit,
        [
            Argument(0), new(JumpIfEqual, 0, 5, 0), Argument(2), new(JumpIfEqual, 0, 3, 0), ArgumentHigh(2),
            new(JumpIfEqual, 0, 1, 0), Of(Return, Allow),
        ]);
        program.Add(Of(Return, Errno | NotPermitted));
        return [.. program];
    }

    /// <summary>A call that is judged by its arguments; what is not allowed there is refused.</summary>
    private static void AddWhen(List<BpfInstruction> program, uint call, BpfInstruction[] judgement)
    {
        program.Add(new(JumpIfEqual, 0, (byte)(judgement.Length + 1), call));
        program.AddRange(judgement);
        program.Add(Of(Return, Errno | NotPermitted));
    }

    private static BpfInstruction Argument(uint at) => Of(Load, ArgumentsAt + (8 * at));

    private static BpfInstruction ArgumentHigh(uint at) => Of(Load, ArgumentsAt + (8 * at) + 4);

    private static BpfInstruction Of(ushort code, uint operand) => new(code, 0, 0, operand);
}
