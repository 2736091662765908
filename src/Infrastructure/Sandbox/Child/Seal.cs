using System.Globalization;
using System.Runtime.InteropServices;
using FaaS.Infrastructure.Sandbox.Native;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Infrastructure.Sandbox.Child;

/// <summary>
/// What a child takes away from itself once it has warmed up and needs no file any more, and before it runs anything of a
/// user's. Every wall is measured from within; one that cannot be put up here is reported, and the agent decides.
/// </summary>
internal static class Seal
{
    /// <summary>What of the environment the agent wrote.</summary>
    private const string EnvironmentPrefix = "DOTNET_";

    /// <summary>Users nobody has: beyond what people and services are given, else systemd's range for passing ones.</summary>
    private static readonly (uint First, uint Count)[] UserRanges = [(1_879_048_192, 65_536), (61_184, 4_336)];

    /// <summary>Puts up what can be put up; the report says what stands.</summary>
    public static WallReport Apply()
    {
        var report = new WallReport();
        LookAround(report);
        LookAtNetwork(report);
        TakeOwnUser(report);
        // A process that changed its user is not dumpable already, but the next one to look should not have to know.
        if (Libc.ProcessControl(Syscalls.SetDumpable, 0, 0, 0, 0) < 0) report.Lacks(Wall.CoreDumps, Failure("prctl"));
        LookAtPrivileges(report);
        FilterSystemCalls(report);
        return report;
    }

    private static void LookAround(WallReport report)
    {
        var foreign = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => !name.StartsWith(EnvironmentPrefix, StringComparison.Ordinal)).ToArray();
        if (foreign.Length > 0) report.Lacks(Wall.Environment, $"{string.Join(", ", foreign)} is set");
        if (OpenFiles.Foreign() is { } file) report.Lacks(Wall.Descriptors, file);
        if (Directory.Exists(".")) report.Lacks(Wall.Directory, "the working directory is still there");
        if (LimitOf(Libc.LimitCore) != 0) report.Lacks(Wall.CoreDumps, "its limit is not 0");
        if (LimitOf(Libc.LimitFileSize) != 0) report.Lacks(Wall.Limits, "files may grow");
        else if (LimitOf(Libc.LimitFiles) > Confinement.FilesMax) report.Lacks(Wall.Limits, "there is no bound on descriptors");
    }

    private static ulong LimitOf(int resource) =>
        Syscalls.GetLimit(resource, out var limit) == 0 ? limit.Hard : ulong.MaxValue;

    /// <summary>The namespace is the agent's doing, before this process began; here it is only looked at.</summary>
    private static void LookAtNetwork(WallReport report)
    {
        try
        {
            var names = File.ReadLines("/proc/self/net/dev").Skip(2).Select(line => line.Split(':')[0].Trim()).ToArray();
            if (names.FirstOrDefault(name => name != "lo") is { } other) report.Lacks(Wall.Network, $"the interface {other} is there");
            else if (File.ReadAllText("/proc/self/net/fib_trie").Contains("127.0.0.1", StringComparison.Ordinal))
                report.Lacks(Wall.Network, "the loopback interface is up");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            report.Lacks(Wall.Network, error.Message);
        }
    }

    /// <summary>Each child another one, so that children are no more to one another than to strangers.</summary>
    private static void TakeOwnUser(WallReport report)
    {
        if (Syscalls.EffectiveUser() != 0)
        {
            report.Lacks(Wall.User, "the worker is not root, so a child has the worker's user");
            return;
        }
        if (Syscalls.SetGroups(0, 0) < 0)
        {
            report.Lacks(Wall.User, Failure("setgroups"));
            return;
        }
        foreach (var (first, count) in UserRanges)
        {
            var id = first + ((uint)Environment.ProcessId % count);
            if (Syscalls.SetGroup(id, id, id) == 0 && Syscalls.SetUser(id, id, id) == 0) return;
        }
        report.Lacks(Wall.User, Failure("setresuid"));
    }

    private static void LookAtPrivileges(WallReport report)
    {
        var status = File.ReadLines("/proc/thread-self/status").Select(line => line.Split(':', 2))
            .ToDictionary(parts => parts[0], parts => parts[1].Trim());
        foreach (var set in (string[])["CapPrm", "CapEff"])
        {
            if (ulong.Parse(status[set], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) == 0) continue;
            report.Lacks(Wall.Privileges, "it has the worker's capabilities");
            return;
        }
        if (Libc.ProcessControl(Libc.NoNewPrivileges, 1, 0, 0, 0) < 0) report.Lacks(Wall.Privileges, Failure("prctl"));
    }

    private static void FilterSystemCalls(WallReport report)
    {
        if (SystemCalls.OfThisMachine is not { } calls)
        {
            report.Lacks(Wall.SystemCalls, $"there is no list for {RuntimeInformation.ProcessArchitecture}");
            return;
        }
        var needsFiles = ThreadsNeedFiles();
        var error = Syscalls.Filter(calls, SeccompFilter.Write(calls, Environment.ProcessId, needsFiles));
        if (needsFiles)
            report.Lacks(Wall.SystemCalls, "files can be read: on a machine of so many processors .NET looks them up for each thread");
        if (error != 0) report.Lacks(Wall.SystemCalls, $"seccomp failed ({Marshal.GetPInvokeErrorMessage(error)})");
        else if (!needsFiles && Syscalls.TryOpen("/dev/null") != Syscalls.NotPermitted) report.Lacks(Wall.SystemCalls, "a file could be opened");
        else if (Syscalls.TrySocket() != Syscalls.NotPermitted) report.Lacks(Wall.SystemCalls, "a socket could be opened");
    }

    /// <summary>
    /// .NET gives each thread the process's processors, in a set as large as the C library says the machine has. Where that
    /// cannot look into a file, it counts those that may be used, and the set may be smaller than the kernel's, which then
    /// refuses it, and the thread. Sets come in words of 64.
    /// </summary>
    private static bool ThreadsNeedFiles()
    {
        const string allowed = "Cpus_allowed_list:";
        var possible = CountOf(File.ReadAllText("/sys/devices/system/cpu/possible"));
        var usable = CountOf(File.ReadLines("/proc/self/status").First(line => line.StartsWith(allowed, StringComparison.Ordinal))[allowed.Length..]);
        return (usable + 63) / 64 < (possible + 63) / 64;
    }

    /// <summary>How many a list such as <c>0-3,8</c> names.</summary>
    internal static int CountOf(string list) => list.Trim().Split(',').Sum(range =>
    {
        var ends = Array.ConvertAll(range.Split('-'), text => int.Parse(text, CultureInfo.InvariantCulture));
        return ends[^1] - ends[0] + 1;
    });

    private static string Failure(string call) => $"{call} failed ({Marshal.GetLastPInvokeErrorMessage()})";
}
