using FaaS.Domain.Functions;

namespace FaaS.Domain.Tests.Functions;

public sealed class SettingsRulesTests
{
    private static readonly SettingsBounds Bounds = new(60_000, 512);

    public static TheoryData<FunctionSettings, string> Wrong => new()
    {
        { new(Runtime: "python"), "runtime must be \"javascript\"." },
        { new(TimeoutMs: 9), "timeoutMs must be a whole number from 10 to 60000." },
        { new(TimeoutMs: 60_001), "timeoutMs must be a whole number from 10 to 60000." },
        { new(MemoryMb: 15), "memoryMb must be a whole number from 16 to 512." },
        { new(MemoryMb: 513), "memoryMb must be a whole number from 16 to 512." },
        { new(Concurrency: -1), "concurrency must be a whole number from 0 to 1000000 (0 is no bound)." },
        { new(Concurrency: 1_000_001), "concurrency must be a whole number from 0 to 1000000 (0 is no bound)." },
        { new(Retry: new(0)), "retry.attempts must be a whole number from 1 to 100." },
        { new(Retry: new(101)), "retry.attempts must be a whole number from 1 to 100." },
        { new(Retry: new(BackoffMs: 0)), "retry.backoffMs must be a whole number from 1 to 86400000." },
        { new(Retry: new(MaxBackoffMs: 86_400_001)), "retry.maxBackoffMs must be a whole number from 1 to 86400000." },
        { new(Retry: new(1, 6, 5)), "retry.maxBackoffMs must be a whole number from retry.backoffMs (6) to 86400000." },
        { With(new EnvironmentValue("1A", "")), "The name of a value of env must match [A-Za-z_][A-Za-z0-9_]{0,127}." },
        { With(new("A", ""), new("A", "1")), "env.A is there twice; name each once." },
        { With(new EnvironmentValue("A", new string('ä', 8_193))), "env.A has a value of more than 16384 bytes, which is the most it may have." },
        {
            With([.. Enumerable.Range(0, 5).Select(at => new EnvironmentValue($"A{at}", new string('x', 16_384)))]),
            "The names and values of env and secrets take 81930 bytes together; they may take 65536."
        },
        {
            With([.. Enumerable.Range(0, 101).Select(at => new EnvironmentValue($"A{at}", ""))]),
            "A function may have 100 values of env and secrets together."
        },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Settings_ThatAreWrong_AreToldWhatIsAllowed(FunctionSettings settings, string message) =>
        SettingsRules.Check(settings, Bounds).Should().Be(message);

    [Fact]
    public void Settings_AtTheirBounds_AreAllowed()
    {
        FunctionSettings[] allowed =
        [
            FunctionSettings.None, new("javascript", 10, 16, 0, new(1, 1, 1)), new("javascript", 60_000, 512, 1_000_000, new(100, 86_400_000, 86_400_000)),
            With(new("_", ""), new("a9_Z", "ä"), new("__proto__", new string('x', 16_384))),
            With([.. Enumerable.Range(0, 100).Select(at => new EnvironmentValue($"A{at}", ""))]),
        ];

        allowed.Select(settings => SettingsRules.Check(settings, Bounds)).Should().OnlyContain(wrong => wrong == null);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("é", false)]
    [InlineData("A-B", false)]
    [InlineData("A B", false)]
    [InlineData("$a", false)]
    [InlineData("_", true)]
    public void Name_IsAnIdentifier(string name, bool isName) => SettingsRules.IsName(name).Should().Be(isName);

    [Fact]
    public void Name_HasABound() =>
        (SettingsRules.IsName(new string('a', 128)), SettingsRules.IsName(new string('a', 129))).Should().Be((true, false));

    [Fact]
    public void Secrets_ThatAreWrong_AreToldWithoutTheirValues()
    {
        Check(new SecretChange("a-b", "topsecret")).Should().Contain("must match").And.NotContain("topsecret");
        Check(new SecretChange("A", "topsecret"), new("A", null)).Should().Be("The secret A is there twice; name each once.");
        Check(new SecretChange("A", new string('x', 16_385))).Should().StartWith("The secret A has a value of more than 16384 bytes");
        Check(new SecretChange("A", ""), new("B", null)).Should().BeNull();
        Check([.. Enumerable.Range(0, 101).Select(at => new SecretChange($"A{at}", null))]).Should().Contain("100 values");
        new SecretChange("A", "topsecret").ToString().Should().Be("A");
        new EnvironmentValue("A", "topsecret").ToString().Should().Be("A");
    }

    [Fact]
    public void ValuesAndSecrets_Together_HaveBounds()
    {
        SettingsRules.Check([new("A", "1")], [("B", 2)]).Should().BeNull();
        SettingsRules.Check([new("A", "1")], [("A", 2)]).Should().StartWith("A is both in env and a secret");
        SettingsRules.Check([new("A", "1")], [("B", 65_534)]).Should().Be(
            "The names and values of env and secrets take 65537 bytes together; they may take 65536.");
        SettingsRules.Check([new("A", "1")], Enumerable.Range(0, 100).Select(at => ($"B{at}", 0))).Should().Contain("100 values");
    }

    [Theory]
    [InlineData(null, null, null, 3, 1_000, 60_000)]
    [InlineData(5, null, 500, 5, 500, 500)]
    [InlineData(null, 100_000, null, 3, 100_000, 100_000)]
    [InlineData(1, 2, 3, 1, 2, 3)]
    public void Retry_WithoutSome_HasDefaultsThatAgree(int? attempts, int? backoff, int? most, int all, int first, int last) =>
        new RetrySettings(attempts, backoff, most).ToPolicy().Should().Be(new RetryPolicy(all, first, last));

    [Fact]
    public void Settings_AreAlike_WhenTheySayTheSame()
    {
        var settings = new FunctionSettings("javascript", 10, 16, 1, new(1), [new("A", "1")]);

        settings.IsLike(settings with { Env = [new("A", "1")] }).Should().BeTrue();
        settings.IsLike(settings with { Env = [new("A", "2")] }).Should().BeFalse();
        settings.IsLike(settings with { TimeoutMs = 11 }).Should().BeFalse();
        FunctionSettings.None.IsLike(new FunctionSettings(Env: [])).Should().BeTrue();
        settings.LimitsOver(FunctionLimits.Default).Should().Be(new FunctionLimits(TimeSpan.FromMilliseconds(10), 16));
        FunctionSettings.None.LimitsOver(FunctionLimits.Default).Should().Be(FunctionLimits.Default);
    }

    private static FunctionSettings With(params EnvironmentValue[] env) => new(Env: env);

    private static string? Check(params SecretChange[] changes) => SettingsRules.Check(changes);
}
