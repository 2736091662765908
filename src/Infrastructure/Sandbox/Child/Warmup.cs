using FaaS.Infrastructure.Sandbox.Protocol;
using FaaS.Infrastructure.Sandbox.Runtime;

namespace FaaS.Infrastructure.Sandbox.Child;

/// <summary>
/// Runs canned functions before the child says it is ready, so that what every first job needs is
/// compiled already: the parser, calls, classes, promises, timers, the console, JSON and the error paths.
/// </summary>
internal static class Warmup
{
    private static readonly RunLimits Limits = new(TimeSpan.FromSeconds(30), 128, 1 << 20, 64 << 10);

    public static void Run(IFunctionRuntime runtime)
    {
        var writer = new FrameWriter();
        RunOnce(runtime, writer, Work, """[1,"two",{"three":[true,null,4.5]}]"""u8);
        RunOnce(runtime, writer, "function (a, b) { return a + b }"u8, "[1,2]"u8);
        RunOnce(runtime, writer, "() => { throw new TypeError('warm') }"u8, "[]"u8);
        RunOnce(runtime, writer, "( => "u8, "[]"u8);
        runtime.Check("a => a"u8, Limits, out _);
    }

    private static void RunOnce(
        IFunctionRuntime runtime, FrameWriter writer, ReadOnlySpan<byte> source, ReadOnlySpan<byte> arguments)
    {
        var grant = new SlotGrant(0, SourceNeeded: true, []);
        ReadOnlySpan<byte> frame = RunFrame.Write(writer, FrameKind.Run, Limits, grant, source, arguments);
        RunFrame run = RunFrame.Parse(frame[FrameLimits.HeaderBytes..]);
        EndedFrame.Write(new FrameWriter(), runtime.Run(run, Discard.Instance), default);
        runtime.Forget(0);
    }

    private static ReadOnlySpan<byte> Work =>
        """
        async function (number, text, { three: [flag, nothing, half], ...rest }) {
          class Shape { #size = 1; constructor(name) { this.name = name; } get size() { return this.#size; } }
          class Square extends Shape { area() { return this.size ** 2; } }
          const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
          const list = [...Array(20).keys()].map(i => i * number).filter(i => i % 2 === 0);
          const sum = list.reduce((a, b) => a + b, 0);
          let total = 0;
          for (let i = 0; i < 200; i++) { if (i % 3 === 0) continue; total += i & 7; }
          for (const [key, value] of Object.entries({ a: 1, b: 2 })) total += value;
          for (const key in rest) total++;
          while (total > 1e3) total /= 2;
          await pause(1);
          try { null.missing } catch (error) { console.log('caught %s', error.message, { total, list }); }
          const found = /(\d+)-(\w+)/.exec('12-ab') ?? [];
          const copy = JSON.parse(JSON.stringify({ text, flag, nothing, half, when: new Date(0) }));
          structuredClone({ a: [1, new Date(0), new Map([[1, new Set([2])]])], b: new Uint8Array(2) });
          queueMicrotask(() => eval("1 + 1"));
          const big = 10n ** 3n, made = new Function("a", "return a")(1);
          const map = new Map([['k', 1]]), set = new Set(list);
          function* numbers() { yield 1; yield 2; }
          switch (text) { case 'two': total++; break; default: total--; }
          const sorted = [3, 1, 2].sort((a, b) => a - b).concat([...numbers()]).join();
          return { sum, big: String(big), made, total, found: found[2], copy, size: map.size + set.size, sorted,
            area: new Square('s').area(), title: `${text.toUpperCase().padStart(5)}:${Math.max(1, half)}` };
        }
        """u8;

    private sealed class Discard : ILogSink
    {
        public static readonly Discard Instance = new();

        public void Append(ReadOnlySpan<byte> line)
        {
        }
    }
}
