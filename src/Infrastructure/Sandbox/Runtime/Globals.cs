using Jint;
using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime.Interop;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// What functions get beside the language. Every global is made on its first use: most functions touch none of them.
/// </summary>
internal static class Globals
{
    private static readonly (string Name, string Level)[] ConsoleMethods =
        [("log", "log"), ("info", "info"), ("warn", "warn"), ("error", "error"), ("debug", "debug"), ("trace", "debug")];

    public static void Install(Options options)
    {
        AddFunction(options, "setTimeout", (realm, arguments) => JsNumber.Create(realm.AddTimer(arguments, repeats: false)));
        AddFunction(options, "setInterval", (realm, arguments) => JsNumber.Create(realm.AddTimer(arguments, repeats: true)));
        AddFunction(options, "clearTimeout", ClearTimer);
        AddFunction(options, "clearInterval", ClearTimer);
        AddFunction(options, "queueMicrotask", QueueMicrotask);
        options.AddLazyGlobal("structuredClone", engine => engine.Evaluate(Prelude.StructuredClone));
        options.AddLazyGlobal("console", CreateConsole);
    }

    private static JsValue ClearTimer(Realm realm, JsValue[] arguments)
    {
        if (arguments.Length > 0) realm.CancelTimer(arguments[0]);
        return JsValue.Undefined;
    }

    private static JsValue QueueMicrotask(Realm realm, JsValue[] arguments)
    {
        realm.QueueMicrotask(arguments.Length > 0 ? arguments[0] : JsValue.Undefined);
        return JsValue.Undefined;
    }

    private static JsValue CreateConsole(Engine engine)
    {
        var console = new JsObject(engine);
        foreach ((string name, string level) in ConsoleMethods)
            console.FastSetDataProperty(name, new ClrFunction(engine, name, (_, arguments) =>
            {
                ConsoleCapture capture = Realm.Of(engine).Console;
                if (!capture.IsFull) capture.Write(level, ConsoleText.Format(arguments, capture.CharsMax));
                return JsValue.Undefined;
            }));
        return console;
    }

    private static void AddFunction(Options options, string name, Func<Realm, JsValue[], JsValue> function) =>
        options.AddLazyGlobal(name, engine => new ClrFunction(
            engine, name, (_, arguments) => function(Realm.Of(engine), arguments), 1));
}
