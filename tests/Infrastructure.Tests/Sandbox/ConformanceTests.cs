using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>
/// What functions may count on, as rows of source, arguments and result: every engine behind the sandbox has to give
/// the same outcome and the same value.
/// </summary>
[Collection(SandboxCollection.Name)]
public sealed class ConformanceTests(SandboxFixture sandbox)
{
    public static TheoryData<string, string, ResultKind, string> Values => new()
    {
        // Results: primitives, functions and symbols as String(value).
        { "function add(a,b){ return a + b }", "[1,2]", ResultKind.Json, "3" },
        { "(a, b) => a + b", "[5.5,-5.5]", ResultKind.Json, "0" },
        { "() => -0", "[]", ResultKind.Json, "0" },
        { "() => 1e21", "[]", ResultKind.Json, "1e+21" },
        { "() => 1e-7", "[]", ResultKind.Json, "1e-7" },
        { "() => NaN", "[]", ResultKind.Opaque, "NaN" },
        { "() => -1/0", "[]", ResultKind.Opaque, "-Infinity" },
        { "() => true", "[]", ResultKind.Json, "true" },
        { "() => null", "[]", ResultKind.Json, "null" },
        { "() => undefined", "[]", ResultKind.Opaque, "undefined" },
        { "() => {}", "[]", ResultKind.Opaque, "undefined" },
        { "() => 'it\"s'", "[]", ResultKind.Text, "it\"s" },
        { "() => ''", "[]", ResultKind.Text, "" },
        { "() => '𝒳ä'", "[]", ResultKind.Text, "𝒳ä" },
        { "() => '\\ud800!'", "[]", ResultKind.Text, "\ufffd!" },
        { "() => ['\\ud800']", "[]", ResultKind.Json, "[\"\\ud800\"]" },
        { "() => 123n", "[]", ResultKind.Opaque, "123" },
        { "() => Symbol('s')", "[]", ResultKind.Opaque, "Symbol(s)" },
        { "() => function named(a){ return a }", "[]", ResultKind.Opaque, "function named(a){ return a }" },
        { "() => class A { b() {} }", "[]", ResultKind.Opaque, "class A { b() {} }" },

        // Everything else as JSON.
        { "() => ({a: 1, b: [1, 'x', null, true], c: undefined, d(){} })", "[]", ResultKind.Json, "{\"a\":1,\"b\":[1,\"x\",null,true]}" },
        { "() => [undefined, () => 1, NaN]", "[]", ResultKind.Json, "[null,null,null]" },
        { "() => new Date(0)", "[]", ResultKind.Json, "\"1970-01-01T00:00:00.000Z\"" },
        { "() => new Number(5)", "[]", ResultKind.Json, "5" },
        { "() => new Map([[1,2]])", "[]", ResultKind.Json, "{}" },
        { "() => ({ toJSON: () => 'told' })", "[]", ResultKind.Json, "\"told\"" },
        { "() => ({ toJSON: () => undefined })", "[]", ResultKind.Opaque, "undefined" },

        // Arguments are positional, and missing ones are undefined.
        { "(...args) => args.length", "[]", ResultKind.Json, "0" },
        { "(a, b) => typeof b", "[1]", ResultKind.Text, "undefined" },
        { "o => o.deep.list[1]", "[{\"deep\":{\"list\":[1,\"ä€\"]}}]", ResultKind.Text, "ä€" },
        { "o => Object.keys(o).join()", "[{\"__proto__\":1,\"a\":2}]", ResultKind.Text, "__proto__,a" },
        { "s => s.length", "[\"\\ud83d\\ude00\"]", ResultKind.Json, "2" },

        // Sources: whatever may follow `const fn = `.
        { "async function f(){ return 5 }", "[]", ResultKind.Json, "5" },
        { "async () => { await null; return 6 }", "[]", ResultKind.Json, "6" },
        { "function a(){ return b() }\nfunction b(){ return 7 }", "[]", ResultKind.Json, "7" },
        { "x => x // a comment at the end", "[8]", ResultKind.Json, "8" },
        { "function (n) { return n < 2 ? n : fn(n-1) + fn(n-2) }", "[10]", ResultKind.Json, "55" },
        { "\n\n  (function () { undeclared = 1; return undeclared })", "[]", ResultKind.Json, "1" },
        { "function () { return this === globalThis }", "[]", ResultKind.Json, "true" },
        { "((secret) => () => secret)(9)", "[]", ResultKind.Json, "9" },

        // The language is whole, and there is nothing beside it.
        { "() => eval('1+1')", "[]", ResultKind.Json, "2" },
        { "() => new Function('a', 'return a*2')(4)", "[]", ResultKind.Json, "8" },
        { "() => String(() => 1)", "[]", ResultKind.Text, "() => 1" },
        { "() => [typeof require, typeof process, typeof fetch, typeof System].join()", "[]", ResultKind.Text, "undefined,undefined,undefined,undefined" },
        { "() => [typeof setTimeout, typeof console.trace, typeof structuredClone, typeof queueMicrotask].join()", "[]", ResultKind.Text, "function,function,function,function" },
        { "async () => { try { await import('fs') } catch (e) { return e.name } }", "[]", ResultKind.Text, "TypeError" },
        { "() => { const o = {d: new Date(5), m: new Map([[1,{x:2}]])}; o.self = o; const c = structuredClone(o); return [c.self === c, c !== o, +c.d, c.m.get(1).x] }", "[]", ResultKind.Json, "[true,true,5,2]" },
        { "() => { try { structuredClone(() => 1) } catch (e) { return e.name } }", "[]", ResultKind.Text, "DataCloneError" },
        { "() => { const c = structuredClone(new Uint16Array([1,2])); return c.constructor.name + c.join() }", "[]", ResultKind.Text, "Uint16Array1,2" },
        { "() => { function f(){ return 1 + f() } try { f() } catch (e) { return e.name } }", "[]", ResultKind.Text, "RangeError" },

        // Timers, microtasks and promises.
        { "() => new Promise(r => setTimeout(r, 5, 'late'))", "[]", ResultKind.Text, "late" },
        { "async () => { const o = []; const p = ms => new Promise(r => setTimeout(() => { o.push(ms); r() }, ms)); await Promise.all([p(9), p(1), p(5)]); return o }", "[]", ResultKind.Json, "[1,5,9]" },
        { "async () => { const o = []; setTimeout(() => o.push('a'), 1); setTimeout(() => o.push('b'), 0); setTimeout(() => o.push('c')); await new Promise(r => setTimeout(r, 3)); return o.join('') }", "[]", ResultKind.Text, "abc" },
        { "async () => { const o = ['sync']; setTimeout(() => o.push('timer')); queueMicrotask(() => o.push('micro')); await new Promise(r => setTimeout(r, 3)); return o.join() }", "[]", ResultKind.Text, "sync,micro,timer" },
        { "async () => { const o = []; setTimeout(() => { o.push(1); Promise.resolve().then(() => o.push(2)) }); setTimeout(() => o.push(3)); await new Promise(r => setTimeout(r, 3)); return o }", "[]", ResultKind.Json, "[1,2,3]" },
        { "() => new Promise(r => { let n = 0; const i = setInterval(() => { if (++n === 3) { clearInterval(i); r(n) } }, 1) })", "[]", ResultKind.Json, "3" },
        { "async () => { let ran = false; clearTimeout(setTimeout(() => { ran = true }, 1)); await new Promise(r => setTimeout(r, 5)); return ran }", "[]", ResultKind.Json, "false" },
        { "async () => { for (let i = 0; i < 5000; i++) clearTimeout(setTimeout(() => {}, 1e6)); return 'ok' }", "[]", ResultKind.Text, "ok" },
        { "() => { setTimeout(() => { throw 1 }, 1); return 'ended at return' }", "[]", ResultKind.Text, "ended at return" },
        { "() => ({ then(resolve) { resolve(9) } })", "[]", ResultKind.Json, "9" },
        { "() => { Promise.prototype.then = null; return (async () => 1)() }", "[]", ResultKind.Json, "1" },
        { "async () => { const all = await Promise.allSettled([1, Promise.reject(2)]); return all.map(x => x.status) }", "[]", ResultKind.Json, "[\"fulfilled\",\"rejected\"]" },
        { "async () => { for await (const x of (async function* () { yield 1; yield 2 })()) if (x === 2) return x }", "[]", ResultKind.Json, "2" },
        { "async () => { try { await new Promise((_, no) => setTimeout(no, 1, 'why')) } catch (e) { return e } }", "[]", ResultKind.Text, "why" },
        { "() => { let n = 0; try { for (let i = 0; i < 2000; i++) { setTimeout(() => {}, 1e3); n++ } } catch (e) { return e.name + n } }", "[]", ResultKind.Text, "RangeError1000" },
    };

    public static TheoryData<string, string, string> Errors => new()
    {
        { "() => { throw new TypeError('bad') }", "TypeError", "bad" },
        { "async () => { await null; throw new RangeError('later') }", "RangeError", "later" },
        { "() => { class Mine extends Error { name = 'Mine' } throw new Mine('m') }", "Mine", "m" },
        { "() => { throw 5 }", "", "5" },
        { "() => { throw undefined }", "", "undefined" },
        { "() => { throw Symbol('t') }", "", "Symbol(t)" },
        { "() => Promise.reject('no')", "", "no" },
        { "() => null.x", "TypeError", "Cannot read property 'x' of null|Cannot read properties of null (reading 'x')" },
        { "() => missing", "ReferenceError", "missing is not defined" },
        { "() => { throw { toString() { throw 1 } } }", "", "[a thrown value that cannot be read]" },
        { "() => { throw new Proxy({}, { get() { throw 1 } }) }", "", "[a thrown value that cannot be read]" },
        { "() => { const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw 1 } }); throw e }", "Error", "" },
        { "() => ({ get then() { throw new Error('then') } })", "Error", "then" },
        { "() => ({ get a() { throw new Error('getter') } })", "Error", "getter" },
        { "() => new Proxy(function () {}, { get() { throw new Error('trap') } })", "Error", "trap" },
        { "() => { const a = {}; a.a = a; return a }", "TypeError", "*" },
        { "() => ({ a: 1n })", "TypeError", "*" },
        { "() => new Promise(() => {})", "Error", "the promise never settles: nothing is left that could settle it" },
        { "() => new Promise(async () => { throw new Error('why') })", "Error", "the promise never settles: nothing is left that could settle it; a rejection was not handled: Error: why" },
        { "async () => { await new Promise(() => {}) }", "Error", "the promise never settles: nothing is left that could settle it" },
        { "async () => { setTimeout(() => { throw new Error('in timer') }, 1); await new Promise(r => setTimeout(r, 50)) }", "Error", "in timer" },
        { "async () => { queueMicrotask(() => { throw new Error('in microtask') }); await new Promise(r => setTimeout(r, 50)) }", "Error", "in microtask" },
        { "() => { function f() { return 1 + f() } return f() }", "RangeError", "Maximum call stack size exceeded" },
        { "() => JSON.parse('['.repeat(600) + ']'.repeat(600))", "SyntaxError", "*" },
        { "() => eval('(')", "SyntaxError", "*" },
        { "this is no function", "SyntaxError", "*" },
        { "42", "TypeError", "The source is not a function" },
        { "(() => { throw new Error('at load') })()", "Error", "at load" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Run_WhenTheFunctionReturns_GivesItsValueAsText(
        string source, string arguments, ResultKind kind, string text)
    {
        AttemptResult result = await sandbox.RunAsync(source, arguments);

        result.Error.Should().BeNull();
        result.Outcome.Should().Be(Outcome.Success);
        result.Text().Should().Be(text);
        result.Kind.Should().Be(kind);
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task Run_WhenTheFunctionThrows_GivesNameAndMessage(string source, string name, string messages)
    {
        AttemptResult result = await sandbox.RunAsync(source);

        result.Outcome.Should().Be(Outcome.UserError);
        result.Kind.Should().Be(ResultKind.None);
        result.Error!.Name.Should().Be(name);
        if (messages != "*") messages.Split('|').Should().Contain(result.Error.Message);
    }

    [Theory]
    [InlineData("() => { throw new Error('x') }", "1:15")]
    [InlineData("function f() {\n  const a = 1;\n  throw new Error('x');\n}", "3:9")]
    [InlineData("\n() =>\n  null.x", "3:8")]
    [InlineData("function a(){\r  null.x\r}", "2:8")]
    [InlineData("function a(){\r\n  null.x\r\n}", "2:8")]
    [InlineData("function a(){\u2028  '\u2020'; null.x\u2029}", "2:13")]
    public async Task Run_WhenTheFunctionThrows_TheStackSpeaksOfTheUsersLines(string source, string place)
    {
        AttemptResult result = await sandbox.RunAsync(source);

        string stack = result.Error!.Stack!;
        stack.Split('\n').Should().HaveCount(2);
        stack.Should().StartWith(result.Error.Text).And.Contain($"(function.js:{place})").And.NotContain("platform:");
    }

    [Fact]
    public async Task Run_AfterFunctionsThatLeaveTraces_FindsNone()
    {
        (string Trace, string Probe)[] pairs =
        [
            ("globalThis.leak = 1", "return typeof leak"),
            ("undeclared = 1", "return typeof undeclared"),
            ("Array.prototype.map = 1", "return [1].map(x => typeof y)[0]"),
            ("Object.prototype.polluted = 1", "return typeof ({}).polluted"),
            ("JSON.stringify = console.log = setTimeout = null", "console.log(1); setTimeout(() => {}); JSON.stringify(1); return 'undefined'"),
        ];
        await using var pool = SandboxFixture.NewPool(new() { Slots = 1, Warm = 1, Spares = 0 });
        foreach ((string trace, string probe) in pairs)
        {
            await pool.RunAsync(SandboxFixture.Call($"() => {{ {trace} }}"), CancellationToken.None);

            AttemptResult result = await pool.RunAsync(SandboxFixture.Call($"() => {{ {probe} }}"), CancellationToken.None);

            result.Text().Should().Be("undefined", "of {0} nothing may be left", trace);
        }
    }

    [Fact]
    public async Task Run_WhenTheSameSourceRunsTwice_ItsClosuresStartAnew()
    {
        const string source = "((n) => () => ++n)(0)";
        await sandbox.RunAsync(source);

        AttemptResult second = await sandbox.RunAsync(source);

        second.Text().Should().Be("1");
    }
}
