using System.Globalization;
using System.Text;

namespace FaaS.Infrastructure.Fleet.Kumori;

/// <summary>The file of the CUE module that says how many workers are deployed.</summary>
internal static class WorkersVariable
{
    private const string Text =
        """
        // How many workers run. The scaler writes this file anew before it updates the deployment on Kumori, so nothing else
        // is in it.
        package num_workers

        #NUM_WORKERS: 
        """;

    /// <summary>
    /// Writes it as a whole: whoever reads it, whenever a crash comes, finds the old number or the new one. What a crash
    /// leaves beside it is no file of CUE's, and is overwritten the next time.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string file, int workers)
    {
        var unfinished = file + ".new";
        using (var stream = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(Encoding.UTF8.GetBytes(Text + workers.ToString(CultureInfo.InvariantCulture) + "\n"));
            stream.Flush(flushToDisk: true);
        }
        File.Move(unfinished, file, overwrite: true);
    }
}
