using System.Buffers;
using System.Text;
using FaaS.Domain.Jobs;
using Jint;
using Jint.Native;
using Jint.Native.Json;
using Jint.Runtime;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>Turns what a function returned into text.</summary>
internal sealed class ReturnedValue
{
    private const int BufferBytesKept = 64 << 10;

    private ArrayBufferWriter<byte> _buffer = new();

    /// <summary>
    /// Primitives, functions and symbols as <c>String(value)</c>, everything else as JSON; "undefined" where JSON has
    /// nothing to say, as when a <c>toJSON</c> returns undefined. The memory is valid until the next call.
    /// </summary>
    /// <exception cref="JavaScriptException">The value has a cycle or a BigInt in it, or its own code threw.</exception>
    public ReadOnlyMemory<byte> Write(Engine engine, JsValue value, out ResultKind kind)
    {
        if (_buffer.Capacity > BufferBytesKept) _buffer = new ArrayBufferWriter<byte>();
        else _buffer.ResetWrittenCount();

        kind = KindOf(value);
        if (kind == ResultKind.Json && value.IsObject())
        {
            if (new JsonSerializer(engine).Serialize(value, _buffer)) return _buffer.WrittenMemory;
            kind = ResultKind.Opaque;
            value = JsValue.Undefined;
        }

        // The encoder replaces lone surrogates, which UTF-8 cannot carry.
        Encoding.UTF8.GetBytes(value.IsSymbol() ? value.ToString() : TypeConverter.ToString(value), _buffer);
        return _buffer.WrittenMemory;
    }

    private static ResultKind KindOf(JsValue value) => value.Type switch
    {
        Types.String => ResultKind.Text,
        Types.Boolean or Types.Null => ResultKind.Json,
        Types.Number => double.IsFinite(value.AsNumber()) ? ResultKind.Json : ResultKind.Opaque,
        Types.Object => value.IsCallable() ? ResultKind.Opaque : ResultKind.Json,
        _ => ResultKind.Opaque,
    };
}
