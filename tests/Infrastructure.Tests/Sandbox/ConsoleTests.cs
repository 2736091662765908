using System.Text.Json;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>What functions write with <c>console</c>.</summary>
[Collection(SandboxCollection.Name)]
public sealed class ConsoleTests(SandboxFixture sandbox)
{
    [Fact]
    public async Task Console_HasEveryMethodThatFunctionsKnow()
    {
        AttemptResult result = await sandbox.RunAsync(
            """
            () => {
              console.table([1]); console.dir({ a: 1 }, { depth: 0 }); console.dirxml('x'); console.clear();
              console.assert(true, 'no'); console.assert(false, 'n is %d', 3); console.assert();
              console.count(); console.count(); console.countReset(); console.count('c');
              console.group('g'); console.log('in\nside'); console.groupEnd(); console.groupEnd(); console.log('out');
              console.time(); console.timeLog('default', 'extra'); console.timeEnd(); console.timeEnd('unknown');
              console.profile(); console.profileEnd(); console.timeStamp(); console.groupCollapsed();
              return Object.keys(console).length;
            }
            """);

        result.Outcome.Should().Be(Outcome.Success);
        string[] lines = [.. Lines(result).Select(line => $"{line.Level}: {line.Text}")];
        lines[..11].Should().Equal(
            "log: [ 1 ]", "log: { a: 1 }", "log: x", "error: Assertion failed: n is 3", "error: Assertion failed",
            "log: default: 1", "log: default: 2", "log: c: 1", "log: g", "log:   in\n  side", "log: out");
        lines[11].Should().MatchRegex(@"^log: default: [0-9.]+ms extra$");
        lines[12].Should().MatchRegex(@"^log: default: [0-9.]+ms$");
        lines.Should().HaveCount(13);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("\\n")]
    [InlineData("é")]
    [InlineData("😀")]
    public async Task Console_OfALineThatIsTooLong_KeepsItsBeginning(string unit)
    {
        AttemptResult result = await sandbox.RunAsync(
            $"() => {{ console.log('first'); console.log('{unit}'.repeat(70000)); console.log('last') }}");

        var lines = Lines(result);
        lines.Select(line => line.Level).Should().Equal("log", "log", "warn");
        string kept = unit.Replace("\\n", "\n", StringComparison.Ordinal);
        lines[1].Text.Length.Should().BeGreaterThan(10_000);
        lines[1].Text.Replace(kept, "", StringComparison.Ordinal).Should().BeEmpty();
        result.Logs.Length.Should().BeInRange((64 << 10) - 16, 64 << 10);
    }

    private static (string Level, string Text)[] Lines(AttemptResult result) =>
        [.. JsonDocument.Parse(result.Logs).RootElement.EnumerateArray()
            .Select(line => (line.GetProperty("level").GetString()!, line.GetProperty("text").GetString()!))];
}
