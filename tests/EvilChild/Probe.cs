using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace FaaS.Tests.EvilChild;

/// <summary>Tries what a child should not be able to do, and says how it went.</summary>
internal static partial class Probe
{
    private const int AtFdCwd = -100;

    private static readonly int Parent = int.Parse(
        File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ')[1], CultureInfo.InvariantCulture);

    /// <summary>
    /// Loads what the acts are made of, which a child that has shut itself in could not: it must not be that which stops them.
    /// </summary>
    public static void Prepare()
    {
        string[] acts =
        [
            "tcp socket", "udp socket", "unix socket", "netlink socket", "spawn a process", "write a file", "list a folder", "who",
            "read the environment", "read the parent command line",
        ];
        foreach (var act in acts) _ = Try(act);
        _ = Kill(Environment.ProcessId, 0);
        _ = SetUser(uint.MaxValue, uint.MaxValue, uint.MaxValue);
        _ = Unshare(0);
        _ = Execute("", 0, 0);
        _ = Call(0xFFFF, 0, 0, 0, 0);
        _ = Marshal.GetPInvokeErrorMessage(1);
        new Thread(static () => { }, 64 << 10).Start();
    }

    /// <summary>Tries one act.</summary>
    /// <returns><c>done</c> with what came of it, or <c>refused</c> with why.</returns>
    public static string Try(string act)
    {
        try
        {
            return $"done: {Do(act)}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception
            or OutOfMemoryException or ArgumentOutOfRangeException)
        {
            return $"refused: {error.Message}";
        }
    }

    private static string Do(string act) => act switch
    {
        // Not by .NET's sockets: their event loop ends a process in which it may not wait for events.
        "tcp socket" => Check(OpenSocket(2, 1, 0), "socket"),
        "udp socket" => Check(OpenSocket(2, 2, 0), "socket"),
        "unix socket" => Check(OpenSocket(1, 1, 0), "socket"),
        "netlink socket" => Check(OpenSocket(16, 3, 0), "socket"),
        "read a file" => Text(File.ReadAllBytes("/etc/passwd").Length),
        "list a folder" => Text(Directory.GetFileSystemEntries("/").Length),
        "read the parent environment" => Text(File.ReadAllBytes($"/proc/{Parent}/environ").Length),
        "read the parent command line" => File.ReadAllText($"/proc/{Parent}/cmdline"),
        "read the environment" => string.Join(' ', Environment.GetEnvironmentVariables().Keys.Cast<string>().Order()),
        "write a file" => Write("/tmp/faas-probe"),
        "write here" => Write("probe"),
        "spawn a process" => Text(Process.Start("/bin/true").Id),
        "fork" => Check(Call(57, 0, 0, 0, 0), "fork"),
        "execute" => Check(Execute("/bin/true", 0, 0), "execve"),
        "kill the parent" => Check(Kill(Parent, 0), "kill"),
        "trace the parent" => Check(Call(101, 16, Parent, 0, 0), "ptrace"),
        "read the parent memory" => Check(Call(310, Parent, 0, 0, 0), "process_vm_readv"),
        "become root" => Check(SetUser(0, 0, 0), "setresuid"),
        "who" => Text((int)User()),
        "leave the namespaces" => Check(Unshare(0x10000000), "unshare"),
        "make a ring" => Check(Call(425, 4, 0, 0, 0), "io_uring_setup"),
        "load a program into the kernel" => Check(Call(321, 0, 0, 0, 0), "bpf"),
        "make a hidden file" => Check(Call(319, 0, 0, 0, 0), "memfd_create"),
        "mount" => Check(Call(165, 0, 0, 0, 0), "mount"),
        "open by a ring of the old interface" => Check(Call(0x40000000 + 257, AtFdCwd, 0, 0, 0), "x32 openat"),
        "make threads without end" => Threads(),
        _ => throw new ArgumentException($"There is no act '{act}'."),
    };

    private static string Write(string path)
    {
        File.WriteAllText(path, "probe");
        File.Delete(path);
        return "written";
    }

    /// <summary>They are gone when it answers: what is tried next finds the room that a thread needs.</summary>
    private static string Threads()
    {
        using var release = new ManualResetEventSlim();
        var started = new List<Thread>();
        try
        {
            while (started.Count < 2_000)
            {
                var thread = new Thread(release.Wait, 64 << 10) { IsBackground = true };
                thread.Start();
                started.Add(thread);
            }
            return Text(started.Count);
        }
        finally
        {
            release.Set();
            started.ForEach(static thread => thread.Join());
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Check(nint result, string call) =>
        result >= 0 ? $"{call} gave {result}" : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint User();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    private static partial int SetUser(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, nint arguments, nint environment);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint first, nint second, nint third, nint fourth);
}
