using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace FaaS.Infrastructure.Fleet.Kumori;

/// <summary>
/// Kills a process and all that it has started. .NET's own way begins at the top: there, the end of the one that holds
/// the terminal hangs up on those below it, and their children are nobody's before they are found.
/// </summary>
internal static class ProcessTree
{
    /// <summary>Processes may be started while others are killed, but not for ever.</summary>
    private const int Rounds = 5;

    /// <summary>Kills it; does nothing where it has ended.</summary>
    /// <exception cref="Win32Exception">It may not be killed.</exception>
    /// <exception cref="AggregateException">Some of them may not be killed.</exception>
    public static void Kill(Process root)
    {
        for (var round = 0; round < Rounds && Below(root.Id) is { Count: > 0 } found; round++)
            foreach (var id in found)
                try
                {
                    using var process = Process.GetProcessById(id);
                    process.Kill();
                }
                catch (Exception error) when (error is ArgumentException or InvalidOperationException or Win32Exception)
                {
                    // It has ended meanwhile.
                }
        root.Kill(entireProcessTree: true);
    }

    /// <summary>All below it, found before any of them is touched; none where there is no /proc.</summary>
    private static HashSet<int> Below(int root)
    {
        var parents = Parents();
        var found = new HashSet<int>();
        var above = new List<int> { root };
        while (above.Count > 0)
            above = [.. parents.Where(process => above.Contains(process.Parent)).Select(process => process.Id).Where(found.Add)];
        return found;
    }

    private static List<(int Id, int Parent)> Parents()
    {
        var parents = new List<(int, int)>();
        if (!Directory.Exists("/proc")) return parents;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && ParentOf(folder) is { } parent)
                parents.Add((id, parent));
        return parents;
    }

    /// <summary>None where it has ended, be it that nobody has asked for its exit code yet.</summary>
    private static int? ParentOf(string folder)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            // The name before it is in brackets, and may hold anything.
            var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields[0] is "Z" or "X" ? null : int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
