using System.Reflection;
using System.Text.Json;
using FaaS.Infrastructure.Sandbox.Native;
using FaaS.Infrastructure.Sandbox.Protocol;
using FaaS.Infrastructure.Sandbox.Runtime;
using Microsoft.Win32.SafeHandles;

namespace FaaS.Infrastructure.Sandbox.Child;

/// <summary>
/// Runs canned functions before the child says it is ready, so that what every first job needs is compiled already:
/// the parser, calls, classes, promises, timers, the console, common built-ins, JSON, the error paths, and the way
/// from the pipe and back to it. For that it sends itself frames through a pipe of its own.
/// </summary>
internal static class Warmup
{
    /// <summary>What nothing in a realm can lead to: the interpreter's doors to .NET objects and to compiled expressions.</summary>
    private static readonly string[] NeverNeeded =
        ["System.Security.", "System.Reflection.Emit", "System.IO.Pipelines", "System.ObjectModel"];

    private static readonly RunLimits Limits = new(TimeSpan.FromSeconds(30), 128, 1 << 20, 64 << 10);

    public static void Run(IFunctionRuntime runtime)
    {
        int[] ends = new int[2];
        if (Libc.Pipe(ends) < 0) throw new IOException("pipe failed.");
        using var input = new PipeStream(new SafeFileHandle(ends[0], ownsHandle: true));
        using (var toItself = new PipeStream(new SafeFileHandle(ends[1], ownsHandle: true)))
        {
            // All of it fits into the pipe, so nobody has to read while it is written.
            Send(toItself, FrameKind.Run, Work, """[1,"two",{"three":[true,null,4.5]}]"""u8);
            Send(toItself, FrameKind.Run, "function (a, b) { return a + b }"u8, "[1,2]"u8);
            Send(toItself, FrameKind.Run, "() => env.A + env.B"u8, "[]"u8, """{"A":"one","B":"\u00fc\n"}"""u8);
            Send(toItself, FrameKind.Run, "() => { throw new TypeError('warm') }"u8, "[]"u8);
            Send(toItself, FrameKind.Run, "( => "u8, "[]"u8);
            Send(toItself, FrameKind.Check, "a => a"u8, default);
        }

        using var nowhere = new PipeStream(File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write));
        SandboxChild.ServeFrames(input, new Outbox(nowhere, static () => { }), runtime);
        runtime.Forget(0);
        LoadWhatMayBeNeeded();

        // An idle child is counted by its resident size: what warming up left behind goes back to the system.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>
    /// Once the child has shut itself in, it can load no assembly and read no table of time zones: what the interpreter refers
    /// to, directly or once removed, is loaded now.
    /// </summary>
    private static void LoadWhatMayBeNeeded()
    {
        _ = TimeZoneInfo.Local.BaseUtcOffset;
        var seen = new HashSet<string>();
        Assembly[] level = [typeof(Jint.Engine).Assembly, typeof(Acornima.Parser).Assembly, typeof(Utf8JsonReader).Assembly];
        for (var depth = 0; depth < 2; depth++)
        {
            level =
            [
                .. from assembly in level from name in assembly.GetReferencedAssemblies()
                   where !Array.Exists(NeverNeeded, prefix => name.Name!.StartsWith(prefix, StringComparison.Ordinal)) && seen.Add(name.Name!)
                   select Assembly.Load(name),
            ];
        }
    }

    private static void Send(
        PipeStream pipe, FrameKind kind, ReadOnlySpan<byte> source, ReadOnlySpan<byte> arguments,
        ReadOnlySpan<byte> environment = default) =>
        pipe.Write(RunFrame.Write(
            new FrameWriter(), kind, Limits, new SlotGrant(0, SourceNeeded: true, []), source, arguments, environment));

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
          for (const word of 'The cat, the DOG'.toLowerCase().match(/[a-z]+/g) ?? []) map.set(word, (map.get(word) ?? 0) + 1);
          const counts = Object.fromEntries(map), parts = 'a-b-c'.split('-').reverse().join('+').replace(/\+/g, '');
          const sum2 = [...map.values()].reduce((a, b) => a + b), near = Number((0.1 + 0.2).toFixed(2)), at = list.at(-1);
          const seen = parts.includes('b') && list.indexOf(4) > 0 && list.some(x => x > 1) && parts.slice(1).trim();
          const flat = [[1], [2, [3]]].flat(2).find(x => x > 1), keys = Object.keys(counts).length + Date.now() % 1;
          list.forEach((x, i) => { total += x * i }); list.slice(1, 3).push(...flat ? [flat] : []);
          await Promise.all([pause(1), null]).finally(() => {});
          function* numbers() { yield 1; yield 2; }
          switch (text) { case 'two': total++; break; default: total--; }
          const sorted = [3, 1, 2].sort((a, b) => a - b).concat([...numbers()]).join();
          return { sum, sum2, near, at, seen, keys, counts, big: String(big), made, total, found: found[2], copy, size: map.size + set.size, sorted,
            area: new Square('s').area(), title: `${text.toUpperCase().padStart(5)}:${Math.max(1, half)}` };
        }
        """u8;
}
