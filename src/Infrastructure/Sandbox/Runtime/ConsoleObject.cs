using System.Diagnostics;
using System.Globalization;
using Jint;
using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime;
using Jint.Runtime.Interop;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// The <c>console</c> of one realm: the whole namespace that functions know from elsewhere. What would be drawn there is
/// logged; what needs tools that are not here does nothing.
/// </summary>
internal sealed class ConsoleObject
{
    private const string DefaultLabel = "default";
    private const int IndentChars = 2;
    private const int IndentCharsMax = 40;

    private readonly Engine _engine;
    private readonly Dictionary<string, int> _counts = [];
    private readonly Dictionary<string, long> _timers = [];
    private int _indent;

    private ConsoleObject(Engine engine) => _engine = engine;

    public static JsValue Create(Engine engine)
    {
        var methods = new ConsoleObject(engine);
        var console = new JsObject(engine);
        foreach ((string name, Action<ConsoleObject, JsValue[]> method) in Methods)
            console.FastSetDataProperty(name, new ClrFunction(engine, name, (_, arguments) =>
            {
                method(methods, arguments);
                return JsValue.Undefined;
            }));
        return console;
    }

    private static (string Name, Action<ConsoleObject, JsValue[]> Method)[] Methods { get; } =
    [
        ("log", static (console, arguments) => console.Log("log", arguments)),
        ("info", static (console, arguments) => console.Log("info", arguments)),
        ("warn", static (console, arguments) => console.Log("warn", arguments)),
        ("error", static (console, arguments) => console.Log("error", arguments)),
        ("debug", static (console, arguments) => console.Log("debug", arguments)),
        ("trace", static (console, arguments) => console.Log("debug", arguments)),
        ("dir", static (console, arguments) => console.Log("log", arguments.Length > 1 ? arguments[..1] : arguments)),
        ("dirxml", static (console, arguments) => console.Log("log", arguments)),
        ("table", static (console, arguments) => console.Log("log", arguments.Length > 1 ? arguments[..1] : arguments)),
        ("assert", static (console, arguments) => console.Assert(arguments)),
        ("count", static (console, arguments) => console.Count(arguments)),
        ("countReset", static (console, arguments) => console._counts.Remove(Label(arguments))),
        ("time", static (console, arguments) => console._timers.TryAdd(Label(arguments), Stopwatch.GetTimestamp())),
        ("timeLog", static (console, arguments) => console.LogTime(arguments, ends: false)),
        ("timeEnd", static (console, arguments) => console.LogTime(arguments, ends: true)),
        ("group", static (console, arguments) => console.Group(arguments)),
        ("groupCollapsed", static (console, arguments) => console.Group(arguments)),
        ("groupEnd", static (console, _) => console._indent = Math.Max(0, console._indent - IndentChars)),
        ("clear", static (_, _) => { }),
        ("profile", static (_, _) => { }),
        ("profileEnd", static (_, _) => { }),
        ("timeStamp", static (_, _) => { }),
    ];

    private static string Label(JsValue[] arguments) =>
        arguments.Length == 0 || arguments[0].IsUndefined() ? DefaultLabel : TypeConverter.ToString(arguments[0]);

    private void Log(string level, JsValue[] arguments, string prefix = "")
    {
        ConsoleCapture capture = Realm.Of(_engine).Console;
        if (capture.IsFull) return;
        string text = prefix + ConsoleText.Format(arguments, capture.CharsMax);
        if (_indent > 0)
        {
            string indent = new(' ', Math.Min(_indent, IndentCharsMax));
            text = indent + text.Replace("\n", "\n" + indent, StringComparison.Ordinal);
        }

        capture.Write(level, text);
    }

    private void Assert(JsValue[] arguments)
    {
        if (arguments.Length > 0 && TypeConverter.ToBoolean(arguments[0])) return;
        if (arguments.Length > 1) Log("error", arguments[1..], "Assertion failed: ");
        else Log("error", [], "Assertion failed");
    }

    private void Count(JsValue[] arguments)
    {
        string label = Label(arguments);
        int count = _counts[label] = _counts.GetValueOrDefault(label) + 1;
        Log("log", [], string.Create(CultureInfo.InvariantCulture, $"{label}: {count}"));
    }

    private void LogTime(JsValue[] arguments, bool ends)
    {
        string label = Label(arguments);
        if (!_timers.TryGetValue(label, out long since)) return;
        if (ends) _timers.Remove(label);
        double ms = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        string text = string.Create(CultureInfo.InvariantCulture, $"{label}: {ms:0.###}ms");
        if (!ends && arguments.Length > 1) Log("log", arguments[1..], text + " ");
        else Log("log", [], text);
    }

    private void Group(JsValue[] arguments)
    {
        if (arguments.Length > 0) Log("log", arguments);
        _indent = Math.Min(_indent + IndentChars, int.MaxValue / 2);
    }
}
