using System.Text.Json;

namespace FaaS.Hosts.Tests;

/// <summary>A failing function's error tells where in the user's own text it failed, and nothing of the platform's.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class StackTests(SharedDeployment platform)
{
    private readonly FaasClient _client = platform.Client;
    private readonly string _user = platform.NewUser();

    [Theory]
    [InlineData("sync", "function f() {\n  const x = null;\n  return x.y;\n}", "TypeError", "at f (function.js:3:")]
    [InlineData("arrow", "() => {\n  throw new RangeError('far');\n}", "RangeError", "(function.js:2:")]
    [InlineData("first line", "() => { throw new Error('one line'); }", "Error", "(function.js:1:15)")]
    [InlineData("async", "async function f() {\n  await new Promise(r => setTimeout(r, 2));\n\n  throw new Error('late');\n}", "Error", "(function.js:4:")]
    [InlineData("timer", "function f() {\n  return new Promise(() => setTimeout(\n    function tick() {\n      throw new Error('tick');\n    }, 2));\n}", "Error", "at tick (function.js:4:")]
    [InlineData("nested", "function f(n) {\n  return g(n);\n}\nfunction g(n) {\n  return h(n);\n}\nfunction h(n) {\n  throw new Error('deep');\n}", "Error", "at h (function.js:8:")]
    [InlineData("crlf", "function f() {\r\n  throw new Error('x');\r\n}", "Error", "at f (function.js:2:")]
    [InlineData("callback of ours", "() => {\n  [3, 1].sort(function by() {\n    throw new Error('cmp');\n  });\n}", "Error", "(function.js:3:")]
    public async Task Stack_OfAFailingFunction_HasTheUsersLines_AndNothingOfOurs(string what, string source, string name, string place)
    {
        await _client.RegisterAsync(_user, "f", source);

        var job = (await _client.RunAsync(_user, "f", "[]")).Res.GetString()!;
        var error = (await _client.InfoAsync(job)).GetProperty("error");

        error.GetProperty("name").GetString().Should().Be(name, what);
        var stack = error.GetProperty("stack").GetString()!;
        var lines = stack.Split('\n');
        lines[0].Should().Be($"{name}: {error.GetProperty("message").GetString()}");
        lines.Should().HaveCountGreaterThan(1, stack);
        lines[1].Should().Contain(place, stack);
        lines.Skip(1).Should().OnlyContain(
            line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^    at \S+ \(function\.js:\d+:\d+\)$"), stack);
        // No line lies outside the user's text.
        var most = source.Split('\n').Length;
        foreach (var line in lines.Skip(1)) int.Parse(line.Split(':')[^2], System.Globalization.CultureInfo.InvariantCulture).Should().BeInRange(1, most, stack);
    }

    [Fact]
    public async Task Stack_OfNestedCalls_NamesEachOfThem()
    {
        await _client.RegisterAsync(_user, "f", "function f(n) {\n  return g(n);\n}\nfunction g(n) {\n  return h(n);\n}\nfunction h(n) {\n  throw new Error('deep');\n}");

        var job = (await _client.RunAsync(_user, "f", "[1]")).Res.GetString()!;

        var stack = (await _client.InfoAsync(job)).GetProperty("error").GetProperty("stack").GetString()!;
        stack.Split('\n').Select(line => line.Split('(')[0]).Should().Equal("Error: deep", "    at h ", "    at g ", "    at f ");
    }

    [Fact]
    public async Task Logs_HaveLevels_AndStopAtTheirLimit()
    {
        await _client.RegisterAsync(_user, "f", """
            () => { console.debug('d'); console.log('l'); console.info('i'); console.warn('w'); console.error('e');
                    for (let at = 0; at < 5000; at++) console.log('x'.repeat(100)); }
            """);

        var job = (await _client.RunAsync(_user, "f", "[]")).Res.GetString()!;
        var answer = await _client.GetAsync($"/j/{job}/logs");

        var lines = answer.Res.EnumerateArray().ToArray();
        lines.Take(5).Select(line => line.GetProperty("level").GetString()).Should().Equal("debug", "log", "info", "warn", "error");
        lines[^1].GetProperty("text").GetString().Should().Contain("more was written than is kept");
        JsonSerializer.SerializeToUtf8Bytes(answer.Res).Length.Should().BeLessThan(80 << 10);
    }
}
