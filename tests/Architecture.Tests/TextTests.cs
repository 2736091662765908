using System.Text.RegularExpressions;

namespace FaaS.Architecture.Tests;

/// <summary>Rules about the text of the source, hosts included.</summary>
public sealed partial class TextTests
{
    private const int MaxLines = 400;

    /// <summary>Files that may be longer, each with its reason. There is none.</summary>
    private static readonly string[] LongFiles = [];

    [Fact]
    public void Files_HaveAtMost400Lines() =>
        Solution.Files("src").Where(file => file.Lines.Length > MaxLines).Select(file => file.Path)
            .Should().BeSubsetOf(LongFiles);

    [Fact]
    public void Namespaces_AreFileScoped() =>
        Find("src", line => OpenNamespace().IsMatch(line)).Concat(Find("tests", line => OpenNamespace().IsMatch(line)))
            .Should().BeEmpty();

    [Fact]
    public void TypeNames_SayWhatTheTypeDoes() => Find("src", IsEmptyName).Should().BeEmpty();

    [Theory]
    [InlineData("internal sealed class JobManager")]
    [InlineData("public readonly record struct QueueHelper(int Value)")]
    [InlineData("public interface IJobService")]
    [InlineData("    private abstract class HandlerBase<T> where T : class")]
    public void TypeNames_WhenAViolationIsPlanted_AreFound(string line) => IsEmptyName(line).Should().BeTrue();

    [Theory]
    [InlineData("internal sealed class QueueLoop : BackgroundService")]
    [InlineData("/// <summary>The class Manager is not a word of ours.</summary>")]
    public void TypeNames_WhenTheyOnlyMentionAWord_Pass(string line) => IsEmptyName(line).Should().BeFalse();

    [Fact]
    public void OnlyHostsAndBenchmarks_WriteToTheConsole() =>
        Find("src", line => ConsoleWrite().IsMatch(line)).Concat(Find("tests", line => ConsoleWrite().IsMatch(line)))
            .Where(found => !found.StartsWith("src/Hosts/", StringComparison.Ordinal)
                && !found.StartsWith("tests/Benchmarks/", StringComparison.Ordinal)
                && !found.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal))
            .Should().BeEmpty();

    [Theory]
    [InlineData("        Console.WriteLine(\"here\");", true)]
    [InlineData("        System.Console.Error.Write(1);", true)]
    [InlineData("        console.WriteLine(1);", false)]
    [InlineData("        // Console.WriteLine is for hosts.", false)]
    public void ConsoleRule_WhenAViolationIsPlanted_FindsIt(string line, bool violates) =>
        ConsoleWrite().IsMatch(line).Should().Be(violates);

    [Fact]
    public void Comments_HaveNoTodoWithoutAnIssue() =>
        Find("src", line => Todo().IsMatch(line)).Should().BeEmpty();

    private static bool IsEmptyName(string line) => EmptyName().IsMatch(line);

    private static IEnumerable<string> Find(string folder, Func<string, bool> violates) =>
        from file in Solution.Files(folder)
        from line in file.Lines.Index()
        where violates(line.Item)
        select $"{file.Path}:{line.Index + 1}";

    [GeneratedRegex(@"^\s*namespace\s+[\w.]+\s*(\{|$)")]
    private static partial Regex OpenNamespace();

    [GeneratedRegex(@"^(?!\s*//)[\w\s\[\]]*\b(class|struct|interface|enum|record)\s+\w*(Manager|Helper|Helpers|Service|Util|Utils|Utility|Common|Base)\b")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"^(?!\s*//).*\bConsole\.((Out|Error)\.)?Write")]
    private static partial Regex ConsoleWrite();

    [GeneratedRegex(@"//.*\b(TODO|FIXME|HACK)\b(?!.*#\d)")]
    private static partial Regex Todo();
}
