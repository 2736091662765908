using System.Text;
using CsCheck;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Http;
using FaaS.Tests.Shared.Fuzzing;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>What users send, in a child as it runs them: sources that came to harm, and arguments of every kind.</summary>
[Collection(SandboxCollection.Name)]
public sealed class SandboxSourceFuzzTests(SandboxFixture sandbox)
{
    private const int DepthMax = 512;

    private static readonly byte[][] Sources =
    [
        .. new[]
        {
            "(a, b) => a + b", "function add(a, b) {\n  return a + b;\n}", "async x => { await null; return x; }\r\nfunction help() { return 1; }",
            "() => { throw new Error('x'); }", "() => `a${1 + 1}b`", "({ a: [x], ...rest } = {}) => /[a-z]+/u.test(x)", "function* g() { yield 1; }",
            "(() => { const k = 1n; return () => String(k); })()", "class A { static #p = 1; static f() { return A.#p; } }", "x => x?.y ?? (x ||= 1, typeof x)",
            "() => { label: for (const i of [1, 2]) { if (i) continue label; } }", "eval('() => 1')", "\"use strict\"; 1", "() => { try { null.x } catch { return 'caught' } }",
            "() => { // ünï ☃ 🎈\u2028 return 7 }", "new Proxy(() => 1, {})",
            "(() => { throw Object.assign(new Error('x'), { stack: '    at f (function.js:1:99999)' }); })()", "(() => { throw Object.assign(new Error('x'), { stack: '(function.js:7:3)' }); })()", "() => ({ get a() { return 1 }, [Symbol.toPrimitive]() { return 2 } })",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Words =
    [
        .. Damage.TextWords,
        .. new[]
        {
            "async ", "await ", "function", "return ", "throw ", "new ", "delete ", "class ", "const fn", ";fn", "import('x')", "import x from 'x'", "export ",
            "super()", "yield ", "let ", "\\u{110000}", "<!--", "-->", "#!", "0x", "1_0", "`${`", "(?<a>", "/(/", "with(x)", "debugger;", "arguments", "this",
            "Error.prototype.stack", "throw {stack:'at f (function.js:9:999999)'}", "throw Object.assign(new Error, {stack:'at (function.js:1:999999)'})",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Arguments =
    [
        .. new[]
        {
            "[1,-0,1.5e300,9007199254740993,0.1]", "[\"ü☃🎈\",\"\\ud83c\\udf88\",\"\\ud800\",\"\\u0000\"]", "[{\"a\":1,\"a\":2,\"__proto__\":{\"b\":1},\"constructor\":null,\"1\":0}]",
            "[[[[[[]]]]],{},true,false,null]", "[]", " [ ] ", "[{\"toJSON\":1,\"length\":3,\"then\":null}]",
        }.Select(Encoding.UTF8.GetBytes),
        Encoding.UTF8.GetBytes(new string('[', 300) + new string(']', 300)),
    ];

    [Fact]
    public async Task Source_OfAnyKind_IsJudgedWithAPlaceThatIsThere()
    {
        var (functions, others) = (0, 0);

        await Fuzz.RunAsync("sources", 150, Damage.Of(Sources, Words, 4), async source =>
        {
            if (!RequestBodies.CheckSource(source).IsOk) return;
            if (await IsFunctionAsync(source)) functions++;
            else others++;
        }, Encoding.UTF8.GetString);

        if (!Fuzz.IsOneCase) Math.Min(functions, others).Should().BeGreaterThan(20);
    }

    /// <summary>What the frontend takes, the engine reads as the book says, and its result can be read by the book again.</summary>
    [Fact]
    public async Task Arguments_OfAnyKind_ArriveAsTheyAre()
    {
        var ran = 0;

        await Fuzz.RunAsync("arguments in the engine", 300, Damage.Of(Arguments, Damage.TextWords, 4), async arguments =>
        {
            var taken = RequestBodies.CheckArguments(arguments, DepthMax);
            if (!taken.IsOk) return;
            JsonByTheBook.TryRead(taken.Value, DepthMax, out var sent).Should().BeTrue();

            var run = await sandbox.RunAsync("(...all) => all", Encoding.UTF8.GetString(taken.Value));

            (run.Outcome, run.Kind).Should().Be((Outcome.Success, ResultKind.Json), run.Text());
            JsonByTheBook.TryRead(run.Value, DepthMax, out var came).Should().BeTrue(run.Text());
            JsonByTheBook.AreSame(came, AsJson(sent)).Should().BeTrue(run.Text());
            ran++;
        }, Encoding.UTF8.GetString);

        if (!Fuzz.IsOneCase) ran.Should().BeGreaterThan(50);
    }

    private async Task<bool> IsFunctionAsync(byte[] source)
    {
        var check = await sandbox.CheckAsync(source);

        check.PlatformFailed.Should().BeFalse(check.Message);
        if (check.Line is { } line) CheckPlace(Encoding.UTF8.GetString(source), line, check.Column ?? 1);
        else check.Column.Should().BeNull("a column without a line says nothing");
        if (check.IsFunction)
        {
            check.Message.Should().BeNull();
            var run = await sandbox.RunAsync(Encoding.UTF8.GetString(source), "[1,2]", timeoutMs: 500);
            run.Outcome.Should().NotBe(Outcome.PlatformError).And.NotBe(Outcome.Crashed);
        }
        else
        {
            check.Message.Should().NotBeNullOrWhiteSpace();
        }
        return check.IsFunction;
    }

    /// <summary>What JSON makes of a value on its way out: no number is infinite.</summary>
    private static object? AsJson(object? value) => value switch
    {
        double number when !double.IsFinite(number) => null,
        List<object?> list => list.Select(AsJson).ToList(),
        Dictionary<string, object?> members => members.ToDictionary(pair => pair.Key, pair => AsJson(pair.Value), StringComparer.Ordinal),
        _ => value,
    };

    private static void CheckPlace(string source, int line, int column)
    {
        var lines = source.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r', '\u2028', '\u2029');
        line.Should().BeInRange(1, lines.Length);
        column.Should().BeInRange(1, lines[line - 1].Length + 1, "line {0} has no more", line);
    }
}
