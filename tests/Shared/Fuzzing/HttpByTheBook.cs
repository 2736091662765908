using System.Globalization;
using System.Text;

namespace FaaS.Tests.Shared.Fuzzing;

/// <summary>One answer, as RFC 9112 has it.</summary>
/// <param name="Status">The status.</param>
/// <param name="Headers">Header lines, by lower-case name.</param>
/// <param name="Body">The content, out of its chunks.</param>
/// <param name="IsWhole">Whether it came to its end before the connection did.</param>
public sealed record HttpAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body, bool IsWhole);

/// <summary>Takes the bytes of a connection apart into answers, and takes nothing for one that is not.</summary>
public static class HttpByTheBook
{
    /// <summary>All answers, interim ones left out.</summary>
    /// <param name="bytes">Everything that came.</param>
    /// <param name="hasNoBodies">Whether a length may be said of a body that does not come, as after HEAD: then only the first head is read.</param>
    /// <exception cref="FormatException">It is not HTTP.</exception>
    public static IReadOnlyList<HttpAnswer> Read(ReadOnlySpan<byte> bytes, bool hasNoBodies)
    {
        var answers = new List<HttpAnswer>();
        while (bytes.Length > 0)
        {
            var end = bytes.IndexOf("\r\n\r\n"u8);
            if (end < 0) throw new FormatException("A head without an end.");
            var lines = Encoding.Latin1.GetString(bytes[..end]).Split("\r\n");
            bytes = bytes[(end + 4)..];
            var status = StatusOf(lines[0]);
            var headers = HeadersOf(lines.AsSpan(1));
            if (status < 200) continue;
            var body = BodyOf(status, headers, ref bytes, hasNoBodies, out var isWhole);
            answers.Add(new HttpAnswer(status, headers, body, isWhole));
            if (hasNoBodies) break;
        }
        return answers;
    }

    private static int StatusOf(string line) =>
        line.Length >= 13 && line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && line[12] == ' '
        && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : throw new FormatException($"No status line: {line}");

    private static Dictionary<string, string> HeadersOf(ReadOnlySpan<string> lines)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':');
            if (colon < 1 || !line[..colon].All(IsToken) || line.AsSpan(colon).ContainsAnyInRange('\0', '\u001F'))
                throw new FormatException($"No header: {line}");
            if (!headers.TryAdd(line[..colon].ToLowerInvariant(), line[(colon + 1)..].Trim(' ')))
                throw new FormatException($"Twice: {line}");
        }
        return headers;
    }

    private static byte[] BodyOf(
        int status, Dictionary<string, string> headers, ref ReadOnlySpan<byte> bytes, bool hasNoBodies, out bool isWhole)
    {
        isWhole = true;
        if (hasNoBodies || status is 204 or 304) return [];
        if (headers.TryGetValue("transfer-encoding", out var coding))
        {
            if (coding != "chunked" || headers.ContainsKey("content-length")) throw new FormatException("Two lengths.");
            return Chunks(ref bytes, out isWhole);
        }
        if (!headers.TryGetValue("content-length", out var said)) throw new FormatException("No length.");
        var length = int.Parse(said, NumberStyles.None, CultureInfo.InvariantCulture);
        isWhole = length <= bytes.Length;
        var body = bytes[..Math.Min(length, bytes.Length)].ToArray();
        bytes = bytes[body.Length..];
        return body;
    }

    private static byte[] Chunks(ref ReadOnlySpan<byte> bytes, out bool isWhole)
    {
        var body = new List<byte>();
        while (true)
        {
            var end = bytes.IndexOf("\r\n"u8);
            isWhole = end >= 0;
            if (!isWhole) return [.. body];
            var length = int.Parse(Encoding.ASCII.GetString(bytes[..end]), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            isWhole = bytes.Length >= end + 4 + length;
            if (!isWhole) return [.. body];
            body.AddRange(bytes.Slice(end + 2, length));
            if (bytes[end + 2 + length] != '\r' || bytes[end + 3 + length] != '\n') throw new FormatException("A chunk is not as long as it says.");
            bytes = bytes[(end + 4 + length)..];
            if (length == 0) return [.. body];
        }
    }

    private static bool IsToken(char letter) => char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter);
}
