using System.Text;
using System.Text.Json;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Tests.Worker;

/// <summary>Secrets do not come out by a run's log or error, however the console or JSON write them.</summary>
public sealed class RedactorTests
{
    private const string Cut = "… more was written than is kept";

    public static TheoryData<string[], string[], string[]> Logs => new()
    {
        { ["hunter22"], ["it is hunter22.", "hunter22hunter22", "nothing"], ["it is [redacted].", "[redacted]", "nothing"] },
        // Split over lines: the mark stands where it begins.
        { ["hunter22"], ["a hunt", "er22 b"], ["a [redacted]", " b"] },
        { ["hunter22"], [.. "hunter22".Select(letter => $"{letter}")], ["[redacted]", "", "", "", "", "", "", ""] },
        // Overlapping: nothing of either is left.
        { ["abcd", "abcdefgh"], ["xabcdefghx abcdx"], ["x[redacted]x [redacted]x"] },
        { ["abcdef", "defghi"], ["xabcdefghix"], ["x[redacted]x"] },
        { ["aaaa"], ["aaaaaaab"], ["[redacted]b"] },
        // As JSON and as the console write it.
        { ["a\"b\\c\nd\té\u0001"], ["""{"s":"a\"b\\c\nd\té\u0001"}"""], ["""{"s":"[redacted]"}"""] },
        { ["it's\na \\ secret"], [@"{ s: 'it\'s\na \\ secret' }"], ["{ s: '[redacted]' }"] },
        // Each line of one that has several, where it is long enough to be one.
        { ["-----BEGIN KEY\r\nMIIEvQIBADAN\nshort\n"], ["MIIEvQIBADAN", "short", "x -----BEGIN KEY"], ["[redacted]", "short", "x [redacted]"] },
        // Too short to be told from other text.
        { ["abc", ""], ["abc"], ["abc"] },
        // Cut off in the middle.
        { ["hunter22"], ["hello hunte", Cut], ["hello [redacted]", Cut] },
        { ["hunter22"], ["hello hun", Cut], ["hello hun", Cut] },
        { ["hunter22"], ["hunte", "r is not it"], ["hunte", "r is not it"] },
    };

    [Theory]
    [MemberData(nameof(Logs))]
    public void Log_IsWithoutSecrets(string[] secrets, string[] texts, string[] redacted)
    {
        var log = Log(texts);

        var result = new Redactor(secrets).Redact(Result(log));

        var lines = JsonDocument.Parse(result.Logs).RootElement.EnumerateArray().ToList();
        lines.Select(line => line.GetProperty("text").GetString()).Should().Equal(redacted);
        lines.Should().OnlyContain(line => line.GetProperty("at").GetString() == "then" && line.GetProperty("level").GetString() == "log");
        Encoding.UTF8.GetString(result.Value).Should().Be("hunter22", "what a function returns is its own choice");
    }

    [Fact]
    public void Log_WithoutASecretInIt_IsTheSameText()
    {
        var log = Encoding.UTF8.GetBytes("""[{"at":"then","level":"log","text":"ä <b> & \"q\" 🎈\n"}]""");

        Encoding.UTF8.GetString(new Redactor(["hunter22"]).Redact(Result(log)).Logs).Should().Be(Encoding.UTF8.GetString(log));
        new Redactor(["hunter22"]).Redact(Result([])).Logs.Should().BeEmpty();
        Redactor.Idle.Redact(Result(log)).Logs.Should().BeSameAs(log);
    }

    [Theory]
    [InlineData("[{\"text\":\"hunter22\"")]
    [InlineData("[{\"level\":\"hunter22\"}]")]
    [InlineData("[\"hunter22\"]")]
    [InlineData("{\"text\":\"hunter22\"}")]
    [InlineData("[{\"text\":{\"a\":\"hunter22\"}}]")]
    [InlineData("[{\"text\":null,\"a\":\"hunter22\"}]")]
    public void Log_ThatIsNoLog_IsNotPassedOn(string log)
    {
        var lines = Encoding.UTF8.GetString(new Redactor(["hunter22"]).Redact(Result(Encoding.UTF8.GetBytes(log))).Logs);

        lines.Should().NotContain("hunter22").And.Contain("not readable");
        JsonDocument.Parse(lines).RootElement.GetArrayLength().Should().Be(1);
    }

    [Fact]
    public void Error_IsWithoutSecrets()
    {
        var error = new FunctionError("hunter22Error", "no hunter22 \"hunter22\"", "Error: hunter22\n    at f (fn.js:1:2)");

        new Redactor(["hunter22"]).Redact(Result([]) with { Error = error }).Error.Should().Be(new FunctionError(
            "[redacted]Error", "no [redacted] \"[redacted]\"", "Error: [redacted]\n    at f (fn.js:1:2)"));
        new Redactor(["hunter22"]).Redact(Result([]) with { Error = new FunctionError("", "hunte…") }).Error!.Message.Should().Be("[redacted]…");
        new Redactor(["hunter22"]).Redact(Result([])).Error.Should().BeNull();
    }

    /// <summary>Whoever writes a log decides how much work this is: what is quadratic takes minutes.</summary>
    [Fact]
    public void Log_ThatIsMadeToBeSlow_IsNot()
    {
        var secrets = Enumerable.Range(0, 4).Select(at => new string('a', 16_000 + at));
        var log = Log([.. Enumerable.Repeat(new string('a', 60), 1_000), Cut]);
        var redactor = new Redactor(secrets);
        var startedAt = TimeProvider.System.GetTimestamp();

        redactor.Redact(Result(log)).Logs.Length.Should().BeLessThan(log.Length);

        TimeProvider.System.GetElapsedTime(startedAt).Should().BeLessThan(TimeSpan.FromSeconds(60));
    }

    private static byte[] Log(params string[] texts) => JsonSerializer.SerializeToUtf8Bytes(
        texts.Select(text => new { at = "then", level = "log", text }));

    private static AttemptResult Result(byte[] log) =>
        new(Outcome.Success, ResultKind.Text, "hunter22"u8.ToArray(), null, log, default);
}
