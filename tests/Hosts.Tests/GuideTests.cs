using System.Text.RegularExpressions;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>
/// Goes through the guide as a newcomer would: each command is run, each answer held against what stands below it. A text in
/// angle brackets is what an answer said there first, and the same ever after.
/// </summary>
[Collection(SharedDeploymentTests.Name)]
public sealed partial class GuideTests(SharedDeployment shared)
{
    private const string Prompt = "    $ ", Indent = "    ";

    private readonly Dictionary<string, string> _known = [];

    [Fact]
    public async Task Steps_OfTheGuide_AnswerWhatItSays()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs/guide.md"));
        var (steps, commands) = (0, 0);
        for (var at = 0; at < lines.Length; at++)
        {
            if (lines[at].StartsWith("## ", StringComparison.Ordinal)) steps++;
            if (!lines[at].StartsWith(Prompt, StringComparison.Ordinal)) continue;
            lines[at + 1].Should().StartWith(Indent, "an answer stands below each command");
            await RunAsync(lines[at][Prompt.Length..], lines[at + 1][Indent.Length..]);
            commands++;
        }

        steps.Should().Be(10);
        commands.Should().BeGreaterThan(30);
    }

    private async Task RunAsync(string command, string expected)
    {
        var answer = await CurlLine.Parse(Names().Replace(command, match => _known[match.Groups[1].Value])).SendAsync(shared.Client);

        var match = new Regex($"^{PatternOf(expected)}$", RegexOptions.Singleline).Match(answer.Body);

        match.Success.Should().BeTrue("{0} answers {1}, and the guide says {2}", command, answer.Body, expected);
        foreach (var name in Names().Matches(expected).Select(name => name.Groups[1].Value).Where(name => !_known.ContainsKey(name)))
            _known[name] = match.Groups[name].Value;
    }

    private string PatternOf(string expected)
    {
        var pattern = Names().Replace(Regex.Escape(expected).Replace("…", ".*"), match =>
            _known.TryGetValue(match.Groups[1].Value, out var value) ? Regex.Escape(value) : $"(?<{match.Groups[1].Value}>[0-9a-f]{{24}})");
        return pattern;
    }

    [GeneratedRegex("<([a-z]+)>")]
    private static partial Regex Names();
}
