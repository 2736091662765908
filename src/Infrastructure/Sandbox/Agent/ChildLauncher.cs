using System.Diagnostics;
using System.Runtime.InteropServices;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// Starts child processes: with an environment of its own making, in an empty directory, connected by pipes only.
/// </summary>
internal sealed class ChildLauncher : IDisposable
{
    private const string ChildName = "FaaS.Hosts.Sandbox";

    private readonly string _executable;
    private readonly string? _assembly;
    private readonly Lazy<LauncherThread> _thread = new(() => new LauncherThread());
    private readonly Lazy<ChildGroups> _groups = new(() => new ChildGroups());

    public ChildLauncher(string? childPath)
    {
        string path = childPath ?? Path.Combine(AppContext.BaseDirectory, ChildName + ".dll");
        if (childPath is null && !File.Exists(path)) path = Path.Combine(AppContext.BaseDirectory, ChildName);
        bool isAssembly = path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        _executable = isAssembly ? FindDotnet() : path;
        _assembly = isAssembly ? path : null;
    }

    /// <summary>Starts one child.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The executable cannot be started.</exception>
    public Process Start()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("faas-sandbox-");
        try
        {
            ProcessStartInfo start = Describe(directory.FullName);
            Process child = _thread.Value.Run(() => Process.Start(start))
                ?? throw new InvalidOperationException("The sandbox child did not start.");
            _groups.Value.Add(child.Id);
            return child;
        }
        catch
        {
            directory.Delete();
            throw;
        }
    }

    /// <summary>Adds to what a child could measure why it is so.</summary>
    public void Complete(WallReport report)
    {
        if (_groups.Value.Fault is { } reason) report.Lacks(Wall.Cgroup, reason);
        if (_thread.Value.NetworkFault is { } fault) report.Explain(Wall.Network, fault);
    }

    /// <inheritdoc cref="ChildGroups.Bound"/>
    public void Bound(int child, int allowedMiB) => _groups.Value.Bound(child, allowedMiB);

    /// <summary>A child is gone.</summary>
    public void Bury(int child) => _groups.Value.Remove(child);

    /// <summary>Ends the thread that starts children.</summary>
    public void Dispose()
    {
        if (_thread.IsValueCreated) _thread.Value.Dispose();
    }

    private ProcessStartInfo Describe(string directory)
    {
        var start = new ProcessStartInfo(_executable)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (_assembly is not null) start.ArgumentList.Add(_assembly);

        start.Environment.Clear();
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(FindDotnet());
        start.Environment["DOTNET_EnableDiagnostics"] = "0";

        // The JIT's double mapping goes through a file, which a file size limit of 0 forbids.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return start;
    }

    /// <summary>The .NET that runs this process, so that parent and child agree on the version.</summary>
    private static string FindDotnet()
    {
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        if (File.Exists(beside)) return beside;
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") return Environment.ProcessPath!;
        string? root = Environment.GetEnvironmentVariable("DOTNET_ROOT");
        return root is not null ? Path.Combine(root, "dotnet") : "dotnet";
    }
}
