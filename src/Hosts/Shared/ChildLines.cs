using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace FaaS.Hosts.Shared;

/// <summary>
/// Lines of a host's children among its own, each with its child's name: <c>worker-1 | …</c> for people, and a property
/// <c>Part</c> at the head of the object for machines, which find nothing but objects in the output.
/// </summary>
/// <param name="configuration">Says who reads the log.</param>
public sealed partial class ChildLines(IConfiguration configuration)
{
    private readonly bool _isForMachines = LogLines.IsForMachines(configuration);

    /// <summary>Writes a child's line to the console, whole, whoever else writes there.</summary>
    /// <param name="child">Its name: a word, a dash and a number.</param>
    /// <param name="line">What it has printed.</param>
    public void Write(string child, string line) => Console.Out.WriteLine(Format(child, line));

    /// <summary>The line as it is written.</summary>
    public string Format(string child, string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (!_isForMachines) return $"{child} | {line}";
        return IsObject(line)
            ? $"{{\"Part\":\"{child}\",{line.TrimStart()[1..]}"
            : $"{{\"Part\":\"{child}\",\"Message\":\"{JsonEncodedText.Encode(line)}\"}}";
    }

    /// <summary>Whether a host's line is one of a child's.</summary>
    /// <param name="line">The line.</param>
    /// <param name="child">The child's name.</param>
    /// <param name="own">What the child has printed; for machines still with the name in it.</param>
    public static bool TryRead(string line, out string child, out string own)
    {
        var match = ForPeople().Match(line);
        if (!match.Success) match = ForMachines().Match(line);
        child = match.Groups["child"].Value;
        own = match.Groups["own"].Value;
        return match.Success;
    }

    /// <summary>Whether it is an object that has something in it.</summary>
    private static bool IsObject(string line)
    {
        if (!line.AsSpan().TrimStart().StartsWith('{')) return false;
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(line));
            return reader.Read() && reader.Read() && reader.TokenType == JsonTokenType.PropertyName && ReadsToEnd(ref reader);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool ReadsToEnd(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
            // What is wrong with it throws.
        }
        return true;
    }

    [GeneratedRegex(@"^(?<child>[a-z]+-\d+) \| (?<own>.*)$")]
    private static partial Regex ForPeople();

    [GeneratedRegex("""^(?<own>\{"Part":"(?<child>[a-z]+-\d+)",.*)$""")]
    private static partial Regex ForMachines();
}
