using System.Reflection;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>
/// The filter, run by an interpreter of the few instructions it is made of: so that the one of the other architecture is
/// judged too, and each decision can be asked for.
/// </summary>
public sealed class SeccompFilterTests
{
    private const uint Allow = 0x7FFF0000, Kill = 0x80000000, NotPermitted = 0x00050001, NotImplemented = 0x00050026;
    private const int Process = 4711;

    public static TheoryData<string> Machines => ["X64", "Arm64"];

    [Theory]
    [MemberData(nameof(Machines))]
    public void Filter_OfWhatIsListed_LetsItThrough_AndNothingElse(string machine)
    {
        SystemCalls calls = Of(machine);
        uint[] judged = [calls.NewThread, calls.NewThread3, calls.SignalThread, calls.ProcessControl, calls.ProcessLimit];

        for (uint call = 0; call < 600; call++)
        {
            if (judged.Contains(call)) continue;
            Run(calls, call).Should().Be(calls.Allowed.Contains(call) ? Allow : NotPermitted, "call {0}", call);
        }
        calls.Allowed.Should().OnlyHaveUniqueItems().And.NotContain(judged);
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Filter_OfAProgramOfAnotherArchitecture_Kills(string machine) =>
        Run(Of(machine), 0, architecture: 0x40000003).Should().Be(Kill);

    [Fact]
    public void Filter_OfTheX32Interface_Refuses() => Run(Of("X64"), 0x40000000).Should().Be(NotPermitted);

    [Theory]
    [MemberData(nameof(Machines))]
    public void Filter_OfNewProcesses_Refuses_AndOfThreadsDoesNot(string machine)
    {
        SystemCalls calls = Of(machine);

        Run(calls, calls.NewThread, 0x003D0F00).Should().Be(Allow, "these are the flags of a thread");
        Run(calls, calls.NewThread, 17).Should().Be(NotPermitted, "this is a fork");
        Run(calls, calls.NewThread, 0x4111).Should().Be(NotPermitted, "this is a vfork");
        Run(calls, calls.NewThread3).Should().Be(NotImplemented);
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Filter_OfWhatDependsOnItsArguments_LooksAtThem(string machine)
    {
        SystemCalls calls = Of(machine);

        Run(calls, calls.SignalThread, Process).Should().Be(Allow);
        Run(calls, calls.SignalThread, Process + 1).Should().Be(NotPermitted);
        Run(calls, calls.ProcessControl, 15).Should().Be(Allow);
        Run(calls, calls.ProcessControl, 22).Should().Be(NotPermitted, "filters are for the child to keep");
        Run(calls, calls.ProcessLimit, 0, 7, 0).Should().Be(Allow);
        Run(calls, calls.ProcessLimit, 1, 7, 0).Should().Be(NotPermitted, "of another process");
        Run(calls, calls.ProcessLimit, 0, 7, 0x7000).Should().Be(NotPermitted, "a new limit");
        Run(calls, calls.ProcessLimit, 0, 7, 0x7000_0000_0000).Should().Be(NotPermitted, "a new limit, far up");
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Filter_WhereThreadsNeedFiles_LetsThemBeReadOnly(string machine)
    {
        SystemCalls calls = Of(machine);

        Run(calls, calls.OpenAt, 0, 0, 0x80000).Should().Be(NotPermitted, "elsewhere they do not");
        Run(calls, calls.OpenAt, 0, 0, 0x80000, mayRead: true).Should().Be(Allow);
        foreach (ulong flags in (ulong[])[1, 2, 0x40, 0x200, 0x400, 0x241])
            Run(calls, calls.OpenAt, 0, 0, flags, mayRead: true).Should().Be(NotPermitted);
        Run(calls, 999, mayRead: true).Should().Be(NotPermitted);
    }

    private static SystemCalls Of(string machine) => (SystemCalls)typeof(SystemCalls)
        .GetField(machine, BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;

    private static uint Run(
        SystemCalls calls, uint call, ulong first = 0, ulong second = 0, ulong third = 0, uint? architecture = null, bool mayRead = false)
    {
        BpfInstruction[] program = SeccompFilter.Write(calls, Process, mayRead);
        ulong[] arguments = [first, second, third, 0, 0, 0];
        uint accumulator = 0;
        for (int at = 0; ; at++)
        {
            (ushort code, byte ifTrue, byte ifFalse, uint operand) = program[at];
            switch (code)
            {
                case 0x20:
                    accumulator = operand switch
                    {
                        0 => call,
                        4 => architecture ?? calls.Architecture,
                        _ => (uint)(arguments[(operand - 16) / 8] >> ((operand - 16) % 8 == 0 ? 0 : 32)),
                    };
                    break;
                case 0x15:
                    at += accumulator == operand ? ifTrue : ifFalse;
                    break;
                case 0x35:
                    at += accumulator >= operand ? ifTrue : ifFalse;
                    break;
                case 0x45:
                    at += (accumulator & operand) != 0 ? ifTrue : ifFalse;
                    break;
                case 0x06:
                    return operand;
                default:
                    throw new InvalidOperationException($"There is no instruction {code:x}.");
            }
        }
    }
}
