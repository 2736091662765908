using System.Globalization;
using FaaS.Hosts.Shared;

namespace FaaS.Hosts.Dev.Split;

/// <summary>
/// Writes the parts' lines to the console, each under its part's name, in a colour where there are colours. The scaler's
/// workers are shown as parts too.
/// </summary>
internal sealed class PartLines
{
    private static readonly string[] Colours = ["36", "33", "35", "32", "34"];

    private readonly List<string> _names = [];
    private readonly bool _coloured = !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private readonly Lock _gate = new();

    /// <summary>Writes a line; null, the end of a part's output, writes nothing.</summary>
    public void Write(string part, string? line)
    {
        if (line is null) return;
        if (part == "scaler" && ChildLines.TryRead(line, out var child, out var own)) (part, line) = (child, own);
        lock (_gate)
        {
            var head = $"{part,-8} |";
            if (_coloured) head = $"\e[{Colour(part)}m{head}\e[0m";
            Console.Out.WriteLine($"{head} {line}");
        }
    }

    /// <summary>By its number for one of many, which come and go; by its turn for the others.</summary>
    private string Colour(string part)
    {
        if (int.TryParse(part.AsSpan(part.IndexOf('-') + 1), CultureInfo.InvariantCulture, out var number))
            return Colours[number % Colours.Length];
        if (!_names.Contains(part)) _names.Add(part);
        return Colours[_names.IndexOf(part) % Colours.Length];
    }

    /// <summary>Writes a line of the supervisor's own.</summary>
    public void Write(string line)
    {
        lock (_gate) Console.Out.WriteLine(line);
    }
}
