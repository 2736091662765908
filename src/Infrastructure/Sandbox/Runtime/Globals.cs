using Jint;
using Jint.Native;
using Jint.Runtime.Interop;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// What functions get beside the language. Every global is made on its first use: most functions touch none of them.
/// </summary>
internal static class Globals
{
    public static void Install(Options options)
    {
        AddFunction(options, "setTimeout", (realm, arguments) => JsNumber.Create(realm.AddTimer(arguments, repeats: false)));
        AddFunction(options, "setInterval", (realm, arguments) => JsNumber.Create(realm.AddTimer(arguments, repeats: true)));
        AddFunction(options, "clearTimeout", ClearTimer);
        AddFunction(options, "clearInterval", ClearTimer);
        AddFunction(options, "queueMicrotask", QueueMicrotask);
        options.AddLazyGlobal("structuredClone", engine => engine.Evaluate(Prelude.StructuredClone));
        options.AddLazyGlobal("console", ConsoleObject.Create);
        options.AddLazyGlobal("env", engine => EnvironmentObject.Create(engine, Realm.Of(engine).Environment));
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

    private static void AddFunction(Options options, string name, Func<Realm, JsValue[], JsValue> function) =>
        options.AddLazyGlobal(name, engine => new ClrFunction(
            engine, name, (_, arguments) => function(Realm.Of(engine), arguments), 1));
}
