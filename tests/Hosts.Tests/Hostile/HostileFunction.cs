using System.Text.Json;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Hostile;

/// <summary>
/// A function that attacks, and how it has to end. It is a file <c>family/name.js</c> whose first line is
/// <c>// expect: end | end | …</c>. An end is <c>refused</c> (when it is registered), or an outcome, followed by how the
/// text of its result begins, or by the whole of it, as a JSON string.
/// </summary>
public sealed record HostileFunction(string Family, string Name, string Source, IReadOnlyList<string> Ends)
{
    private const string Head = "// expect: ";

    /// <summary>The family whose functions run twice, for two tenants: told to leave something, and then to look for it.</summary>
    public const string Leftovers = "leftovers";

    /// <summary>All of them, in one order.</summary>
    public static IReadOnlyList<HostileFunction> ReadAll() =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests/Hosts.Tests/Hostile"), "*.js", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>Whether it is to be refused when it is registered.</summary>
    public bool IsRefused => Ends is ["refused"];

    /// <summary>Whether it may end like this.</summary>
    public bool Allows(string outcome, string text) => Ends.Any(end => Matches(end, outcome, text));

    public override string ToString() => $"{Family}/{Name}";

    private static bool Matches(string end, string outcome, string text)
    {
        var space = end.IndexOf(' ');
        if (space < 0) return end == outcome;
        if (end[..space] != outcome) return false;
        var said = end[(space + 1)..];
        return said[0] == '"' ? JsonSerializer.Deserialize<string>(said) == text : text.StartsWith(said, StringComparison.Ordinal);
    }

    private static HostileFunction Read(string path)
    {
        var source = File.ReadAllText(path);
        var first = source.Split('\n')[0];
        if (!first.StartsWith(Head, StringComparison.Ordinal)) throw new InvalidDataException($"{path} does not begin with {Head}");
        return new HostileFunction(
            Path.GetFileName(Path.GetDirectoryName(path)!), Path.GetFileNameWithoutExtension(path), source,
            first[Head.Length..].Split(" | ", StringSplitOptions.TrimEntries));
    }
}
