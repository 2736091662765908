using System.Text.Json;
using Jint;
using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime.Descriptors;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// The <c>env</c> of one realm: a frozen object of strings that inherits nothing, so that what is not configured is
/// undefined, whatever its name.
/// </summary>
internal static class EnvironmentObject
{
    /// <exception cref="JsonException">It is not a JSON object of strings.</exception>
    public static JsValue Create(Engine engine, ReadOnlySpan<byte> json)
    {
        ObjectInstance env = engine.Evaluate(Prelude.Bare).AsObject();
        if (!json.IsEmpty) Fill(env, json);
        env.PreventExtensions();
        return env;
    }

    private static void Fill(ObjectInstance env, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("An environment is a JSON object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String) throw new JsonException("An environment has strings only.");
            env.DefineOwnProperty(
                name, new PropertyDescriptor(JsString.Create(reader.GetString()!), writable: false, enumerable: true, configurable: false));
        }
    }
}
