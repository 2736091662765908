using System.Globalization;
using System.Runtime.InteropServices;
using FaaS.Infrastructure.Sandbox.Native;

namespace FaaS.Infrastructure.Sandbox.Child;

/// <summary>The descriptors this process has, and which of them it should not have.</summary>
internal static class OpenFiles
{
    private const string Folder = "/proc/self/fd";

    private static readonly string[] Own =
        [AppContext.BaseDirectory, RuntimeEnvironment.GetRuntimeDirectory(), "pipe:", "anon_inode:", "/dev/", "/proc/", "/memfd:doublemapper"];

    /// <summary>
    /// Closes what the agent's process had open and did not mean to hand on. .NET marks everything it opens as not to be
    /// handed on; a library of another language may not.
    /// </summary>
    public static void CloseForeign()
    {
        foreach (var (file, _) in Look().Where(row => IsForeign(row.Target)).ToArray()) _ = Libc.Close(file);
    }

    /// <summary>One that is foreign and open still; null when there is none.</summary>
    public static string? Foreign() =>
        Look().Where(row => IsForeign(row.Target)).Select(row => $"descriptor {row.File} is {row.Target}").FirstOrDefault();

    private static IEnumerable<(int File, string Target)> Look()
    {
        foreach (var path in Directory.GetFileSystemEntries(Folder))
        {
            var file = int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture);
            // 0 to 2 are the agent's pipes; what is gone meanwhile was the one that listed the folder.
            if (file > 2 && TargetOf(path) is { } target) yield return (file, target);
        }
    }

    private static string? TargetOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool IsForeign(string target) =>
        !Array.Exists(Own, own => target.StartsWith(own, StringComparison.Ordinal))
        && !target.EndsWith(".dll", StringComparison.Ordinal) && !target.EndsWith(".so", StringComparison.Ordinal);
}
