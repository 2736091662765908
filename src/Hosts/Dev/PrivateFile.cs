using System.Text;

namespace FaaS.Hosts.Dev;

/// <summary>Small files beside the data that are their owner's alone: keys, and what keys are known by.</summary>
internal static class PrivateFile
{
    /// <summary>
    /// Makes a file that nobody but its owner reads, and the folder it is in. It is written under another name first and is on
    /// the disk when this returns: a crash leaves the whole of it, or nothing.
    /// </summary>
    /// <exception cref="IOException">It cannot be written, or is there already.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Make(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var fresh = $"{file}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(fresh, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        File.Move(fresh, file, overwrite: false);
    }
}
