using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>
/// Puts a device behind every descriptor this process has of a file, as a failing disk would: <c>/dev/full</c> takes no
/// bytes, <c>/dev/null</c> takes them and cannot sync. Disposing it puts the file back.
/// </summary>
internal sealed class BrokenFile : IDisposable
{
    private readonly List<(int Descriptor, int Saved)> _replaced = [];

    private BrokenFile()
    {
    }

    public static BrokenFile Replace(string file, string device)
    {
        var broken = new BrokenFile();
        using SafeFileHandle replacement = File.OpenHandle(device, FileMode.Open, FileAccess.ReadWrite);
        foreach (var link in Directory.GetFiles("/proc/self/fd"))
        {
            if (!IsOf(link, file)) continue;
            var descriptor = int.Parse(Path.GetFileName(link), System.Globalization.CultureInfo.InvariantCulture);
            broken._replaced.Add((descriptor, Duplicate(descriptor)));
            _ = DuplicateTo((int)replacement.DangerousGetHandle(), descriptor);
        }
        broken._replaced.Should().NotBeEmpty("the store has the file open");
        return broken;
    }

    public void Dispose()
    {
        foreach (var (descriptor, saved) in _replaced)
        {
            _ = DuplicateTo(saved, descriptor);
            _ = Close(saved);
        }
    }

    private static bool IsOf(string link, string file)
    {
        try
        {
            return new FileInfo(link).LinkTarget == file;
        }
        catch (IOException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "dup")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Duplicate(int descriptor);

    [DllImport("libc", EntryPoint = "dup2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int DuplicateTo(int from, int to);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
