using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>What the hosts' source says of ports, variables and sections, and what CUE says otherwise.</summary>
internal static partial class Hosts
{
    private static readonly string Source = Path.Combine(Repository.Root, "src");

    /// <summary>.NET's own, which our code does not mention because it does not read them.</summary>
    private static readonly string[] Foreign = ["DOTNET_EnableDiagnostics"];

    /// <summary>The program of a host, by its folder.</summary>
    public static string Program(string host) => File.ReadAllText(Path.Combine(Source, "Hosts", host, "Program.cs"));

    /// <summary>The folders of those hosts that are a part of the split platform.</summary>
    public static IEnumerable<string> Parts => Directory.EnumerateDirectories(Path.Combine(Source, "Hosts"))
        .Select(folder => Path.GetFileName(folder)!).Where(host => host is not ("Dev" or "Sandbox" or "Shared"));

    /// <summary>The differences between a part and the program of its host; each in words to act on.</summary>
    public static IReadOnlyList<string> Differences(JsonObject part, string host, string program)
    {
        var found = new List<string>();
        var name = (string)part["name"]!;
        Compare(found, name, "listens", Ports(program), PortsOf(part));
        Compare(found, name, "reads", Variables(host, program), part["variables"]!.AsObject().Select(variable => variable.Key));
        Compare(found, name, "has the section", Sections(host, program), part["sections"]!.AsArray().Select(section => (string)section!));
        return found;
    }

    private static void Compare(List<string> found, string part, string what, IEnumerable<string> coded, IEnumerable<string> written)
    {
        var (code, cue) = (coded.ToHashSet(), written.Except(Foreign).ToHashSet());
        found.AddRange(code.Except(cue).Select(item => $"{part} {what} {item} in code, but not in cue/platform/parts.cue."));
        found.AddRange(cue.Except(code).Select(item => $"{part} {what} {item} in cue/platform/parts.cue, but not in code."));
    }

    private static IEnumerable<string> Ports(string program) => PortCall().Matches(program).Select(match =>
        $"{(match.Groups["setting"].Success ? match.Groups["setting"].Value : "PORT")}={match.Groups["port"].Value}");

    private static IEnumerable<string> PortsOf(JsonObject part) =>
        new[] { part["serves"], part["health"] }.Where(port => port is not null)
            .Select(port => $"{port!["setting"]}={port["port"]!.GetValue<int>().ToString(CultureInfo.InvariantCulture)}");

    /// <summary>Names of variables stand in the code as texts: the host's own, its technologies', and those of all hosts.</summary>
    private static IEnumerable<string> Variables(string host, string program)
    {
        var files = Referenced(host).Append("Hosts/Shared")
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Source, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.EndsWith("Listening.cs", StringComparison.Ordinal)).Select(File.ReadAllText).ToList();
        foreach (var text in files.Append(program))
            foreach (Match match in VariableText().Matches(text)) yield return match.Groups["name"].Value;
        // Here only what the host calls counts.
        yield return "FAAS_BIND";
        if (PortCall().Matches(program).Any(match => !match.Groups["setting"].Success)) yield return "PORT";
    }

    /// <summary>A module's options where it is active, a technology's where it is referenced.</summary>
    private static IEnumerable<string> Sections(string host, string program)
    {
        var referenced = Referenced(host).ToList();
        foreach (var type in Settings.Classes)
        {
            var room = type.Namespace!.Split('.');
            if (room[1] == "Application"
                ? ActiveModule().Matches(program).Any(match => match.Groups["module"].Value == room[2])
                : referenced.Contains($"Infrastructure/{room[2]}"))
                yield return Settings.SectionOf(type)!;
        }
    }

    private static IEnumerable<string> Referenced(string host)
    {
        var folder = Path.Combine(Source, "Hosts", host);
        return Technology().Matches(File.ReadAllText(Path.Combine(folder, $"FaaS.Hosts.{host}.csproj")))
            .Select(match => $"Infrastructure/{match.Groups["name"].Value}");
    }

    [GeneratedRegex("""ListenForUsers\((?<port>\d+)[,)]|(?:ListenForOperators\(|Listening\.Port\(builder\.Configuration, )"(?<setting>\w+)", (?<port>\d+)\)""")]
    private static partial Regex PortCall();

    [GeneratedRegex("""
        "(?<name>FAAS_[A-Z_]+|OTEL_[A-Z_]+|[A-Z]+_URL|PORT|[A-Z]+_PORT)"
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex VariableText();

    [GeneratedRegex("""(Serve|Activate)<(?<module>\w+)Module>""")]
    private static partial Regex ActiveModule();

    [GeneratedRegex("""\.\./Infrastructure/(?<name>\w+)/""")]
    private static partial Regex Technology();
}
