using System.Globalization;

namespace FaaS.Benchmarks.Load;

/// <summary>What /proc says of a process and its descendants.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100;

    /// <summary>CPU seconds used by the tree, ended and reaped children included.</summary>
    public static double CpuSeconds(int pid)
    {
        var ticks = 0L;
        foreach (var member in Members(pid))
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{member}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                for (var at = 11; at <= 14; at++) ticks += long.Parse(fields[at], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It has ended meanwhile; its parent counts it.
            }
        }
        return ticks / TicksPerSecond;
    }

    /// <summary>Proportional set size of the tree, in bytes, and how many processes it has.</summary>
    public static (long Bytes, int Processes) Pss(int pid)
    {
        var bytes = 0L;
        var count = 0;
        foreach (var member in Members(pid))
        {
            try
            {
                bytes += Field($"/proc/{member}/smaps_rollup", "Pss:");
                count++;
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }
        return (bytes, count);
    }

    /// <summary>Resident set size of one process, in bytes.</summary>
    public static long Rss(int pid) => Field($"/proc/{pid}/status", "VmRSS:");

    private static long Field(string file, string name)
    {
        foreach (var line in File.ReadLines(file))
        {
            if (!line.StartsWith(name, StringComparison.Ordinal)) continue;
            return 1024 * long.Parse(line.AsSpan(name.Length).Trim()[..^3].Trim(), NumberStyles.Integer, CultureInfo.InvariantCulture);
        }
        throw new InvalidDataException($"{file} has no {name}");
    }

    private static List<int> Members(int pid)
    {
        var members = new List<int> { pid };
        for (var at = 0; at < members.Count; at++)
        {
            try
            {
                foreach (var task in Directory.GetDirectories($"/proc/{members[at]}/task"))
                    foreach (var child in File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                        members.Add(int.Parse(child, CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // A process or a thread that has ended meanwhile.
            }
        }
        return members;
    }
}
