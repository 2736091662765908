using System.Text;

namespace FaaS.Infrastructure.Fleet.Processes;

/// <summary>Cuts what a process prints into lines. Of a line that is too long the rest is left out.</summary>
internal static class LineCutter
{
    /// <summary>Bytes of a line; what goes beyond is nobody's log.</summary>
    public const int LineBytesMax = 16 << 10;

    /// <summary>Stands where something was left out.</summary>
    public const string Cut = " [...]";

    /// <summary>Reads to the end, on the caller's thread.</summary>
    /// <param name="stream">UTF-8; what is none becomes replacement characters.</param>
    /// <param name="take">Takes each line, without its end. Empty lines are passed over.</param>
    public static void Read(Stream stream, Action<string> take)
    {
        var chunk = new byte[4 << 10];
        var line = new byte[LineBytesMax];
        var (length, isCut) = (0, false);
        while (ReadSome(stream, chunk) is > 0 and var count)
        {
            for (var rest = chunk.AsSpan(0, count); !rest.IsEmpty;)
            {
                var end = rest.IndexOf((byte)'\n');
                var part = end < 0 ? rest : rest[..end];
                var kept = part[..Math.Min(part.Length, LineBytesMax - length)];
                kept.CopyTo(line.AsSpan(length));
                length += kept.Length;
                isCut |= kept.Length < part.Length;
                rest = end < 0 ? [] : rest[(end + 1)..];
                if (end < 0) continue;
                Give(line.AsSpan(0, length), isCut, take);
                (length, isCut) = (0, false);
            }
        }
        Give(line.AsSpan(0, length), isCut, take);
    }

    private static void Give(ReadOnlySpan<byte> line, bool isCut, Action<string> take)
    {
        var text = Encoding.UTF8.GetString(line.TrimEnd((byte)'\r'));
        if (text.Length > 0) take(isCut ? text + Cut : text);
    }

    private static int ReadSome(Stream stream, byte[] chunk)
    {
        try
        {
            return stream.Read(chunk);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // Whoever wrote is gone.
            return 0;
        }
    }
}
