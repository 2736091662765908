using System.Globalization;
using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests.Hostile;

/// <summary>What a platform takes of its machine: resident memory of its processes, and its children.</summary>
public sealed record Footprint(long PlatformBytes, long ChildrenBytes, int Children)
{
    /// <summary>Measures it now.</summary>
    public static Footprint Of(IDeployment platform)
    {
        var children = platform.SandboxProcesses();
        return new Footprint(platform.Processes().Sum(Resident), children.Sum(Resident), children.Count);
    }

    public override string ToString() =>
        $"{PlatformBytes >> 20} MiB of the platform, {ChildrenBytes >> 20} MiB of {Children} children";

    private static long Resident(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(6, line.Length - 9), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) << 10;
        }
        catch (IOException)
        {
            // It ended in between.
            return 0;
        }
    }
}
