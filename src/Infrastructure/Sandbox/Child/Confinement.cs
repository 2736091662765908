using FaaS.Infrastructure.Sandbox.Native;
using Microsoft.Win32.SafeHandles;

namespace FaaS.Infrastructure.Sandbox.Child;

/// <summary>What a child takes away from itself before it runs anything.</summary>
internal static class Confinement
{
    /// <summary>.NET keeps two descriptors for every assembly it has loaded, which alone makes more than 60.</summary>
    public const ulong FilesMax = 128;

    /// <summary>
    /// Applies the limits a process can set for itself. Not the address space, of which .NET reserves gigabytes, and
    /// not CPU time, which counts over all jobs: the agent watches both. File size 0 needs
    /// <c>DOTNET_EnableWriteXorExecute=0</c>, or the JIT could not map its code.
    /// </summary>
    public static void Apply()
    {
        OpenFiles.CloseForeign();
        // A terminal or a service manager may signal the agent's whole group. Whether a run goes on then is the agent's
        // to decide: a child ends when its pipe does.
        foreach (var signal in (int[])[Libc.HangUp, Libc.Interrupt, Libc.Terminate]) Libc.Ignore(signal);
        SetLimit(Libc.LimitCore, 0);
        SetLimit(Libc.LimitFileSize, 0);
        SetLimit(Libc.LimitFiles, FilesMax);

        // The agent gave this process a directory of its own. Removed while it is current, it is one where nothing can
        // be created, and nobody has to clean up after a kill.
        Require(Libc.RemoveDirectory(Environment.CurrentDirectory), "rmdir");
    }

    /// <summary>
    /// Moves the protocol off descriptors 0 and 1, and puts /dev/null and standard error there, so that whatever
    /// writes to "standard output" cannot write into the protocol.
    /// </summary>
    public static (SafeFileHandle Input, SafeFileHandle Output) MoveProtocolAside()
    {
        int input = Require(Libc.FileControl(0, Libc.DuplicateAboveCloseOnExec, 3), "fcntl");
        int output = Require(Libc.FileControl(1, Libc.DuplicateAboveCloseOnExec, 3), "fcntl");
        int nothing = Require(Libc.Open("/dev/null", Libc.OpenReadOnly), "open");
        Require(Libc.Duplicate(nothing, 0), "dup2");
        Require(Libc.Duplicate(2, 1), "dup2");
        Require(Libc.Close(nothing), "close");
        return (new SafeFileHandle(input, ownsHandle: true), new SafeFileHandle(output, ownsHandle: true));
    }

    private static void SetLimit(int resource, ulong value)
    {
        var limit = new Libc.ResourceLimit { Soft = value, Hard = value };
        Require(Libc.SetLimit(resource, in limit), "setrlimit");
    }

    private static int Require(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed; the sandbox child is not confined.");
}
