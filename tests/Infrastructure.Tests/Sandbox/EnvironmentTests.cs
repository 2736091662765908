using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>What functions find in <c>env</c>.</summary>
[Collection(SandboxCollection.Name)]
public sealed class EnvironmentTests(SandboxFixture sandbox)
{
    private const string Environment = """{"A":"1","__proto__":"p","U":"ä \" \\ \n 🎈","toString":""}""";

    [Theory]
    [InlineData("() => env.A", "1")]
    [InlineData("() => JSON.stringify(env)", """{"A":"1","__proto__":"p","U":"ä \" \\ \n 🎈","toString":""}""")]
    [InlineData("() => Object.keys(env).join()", "A,__proto__,U,toString")]
    [InlineData("() => typeof env.constructor + typeof env.missing", "undefinedundefined")]
    [InlineData("() => `${Object.getPrototypeOf(env)} ${Object.isFrozen(env)}`", "null true")]
    [InlineData("() => { env.A = 2; env.B = 3; delete env.U; return env.A + env.B + env.U.length }", "1undefined10")]
    [InlineData("() => { 'use strict'; try { env.A = 2 } catch (error) { return error.name } }", "TypeError")]
    [InlineData("() => { 'use strict'; try { env.B = 2 } catch (error) { return error.name } }", "TypeError")]
    [InlineData("() => { try { Object.setPrototypeOf(env, {}) } catch (error) { return error.name } }", "TypeError")]
    [InlineData("() => { const { A, B = 'default' } = env; return A + B }", "1default")]
    [InlineData("(() => { const a = env.A; return () => a })()", "1")]
    [InlineData("env => env", "undefined")]
    public async Task Env_IsAFrozenObjectOfStrings(string source, string result)
    {
        var ran = await sandbox.RunAsync(source, environment: Environment);

        ran.Error.Should().BeNull();
        ran.Text().Should().Be(result);
    }

    [Fact]
    public async Task Env_OfOneRun_IsNotAnothers()
    {
        const string source = "() => { const had = JSON.stringify(env); try { globalThis.env = { A: 'left behind' } } catch {} return had }";

        for (var at = 0; at < 5; at++)
        {
            (await sandbox.RunAsync(source, environment: $$"""{"A":"{{at}}"}""")).Text().Should().Be($$"""{"A":"{{at}}"}""");
            (await sandbox.RunAsync(source)).Text().Should().Be("{}");
        }
    }

    [Fact]
    public async Task Env_WhenASourceIsChecked_IsThereAndEmpty()
    {
        (await sandbox.CheckAsync("(() => { const { A } = env; return () => A })()"u8.ToArray())).IsFunction.Should().BeTrue();
        (await sandbox.RunAsync("() => env", environment: "")).Kind.Should().Be(ResultKind.Json);
    }
}
