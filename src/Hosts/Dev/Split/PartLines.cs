namespace FaaS.Hosts.Dev.Split;

/// <summary>Writes the parts' lines to the console, each under its part's name, in a colour where there are colours.</summary>
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
        lock (_gate)
        {
            if (!_names.Contains(part)) _names.Add(part);
            var head = $"{part,-8} |";
            if (_coloured) head = $"\e[{Colours[_names.IndexOf(part) % Colours.Length]}m{head}\e[0m";
            Console.Out.WriteLine($"{head} {line}");
        }
    }

    /// <summary>Writes a line of the supervisor's own.</summary>
    public void Write(string line)
    {
        lock (_gate) Console.Out.WriteLine(line);
    }
}
