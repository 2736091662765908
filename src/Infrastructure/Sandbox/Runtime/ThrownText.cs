using System.Text;
using FaaS.Domain.Jobs;
using Jint;
using Jint.Native;
using Jint.Native.Error;
using Jint.Runtime;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// Reads what a function threw. Getters and conversions are the function's own code and may throw, loop or lie: what
/// they throw is dropped, and everything is cut to size.
/// </summary>
internal static class ThrownText
{
    private const int NameCharsMax = 256;
    private const int FramesMax = 10;
    private const int TextCharsMax = 16 << 10;
    private const string Unreadable = "[a thrown value that cannot be read]";

    public static FunctionError Read(JsValue thrown)
    {
        if (thrown is not ErrorInstance error) return new FunctionError("", Convert(thrown));

        string name = Property(error, "name") ?? "Error";
        string message = Property(error, "message") ?? "";
        string? frames = Property(error, "stack");
        string head = new FunctionError(name, message).Text;
        return new FunctionError(name, message, frames is null ? null : StackOf(head, frames));
    }

    /// <summary><c>String(value)</c>, or a fixed text when even that throws.</summary>
    public static string Convert(JsValue value)
    {
        try
        {
            return Cut(value.IsSymbol() ? value.ToString() : TypeConverter.ToString(value), TextCharsMax);
        }
        catch (JavaScriptException)
        {
            return Unreadable;
        }
    }

    /// <summary>
    /// Head line and the innermost frames, without the empty lines that stand for our own. The outermost frame is the
    /// call from outside, not a place in the function, unless it is the only one.
    /// </summary>
    private static string StackOf(string head, string frames)
    {
        var text = new StringBuilder(head);
        string? pending = null;
        int count = 0;
        foreach (ReadOnlySpan<char> line in frames.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace()) continue;
            if (pending is not null) text.Append('\n').Append(pending);
            pending = line.ToString();
            if (++count > FramesMax) break;
        }

        if (count == 1 || (count <= FramesMax && pending is not null && !pending.StartsWith(ScriptSource.NamelessFrame, StringComparison.Ordinal)))
            text.Append('\n').Append(pending);
        return Cut(text.ToString(), TextCharsMax);
    }

    private static string? Property(ErrorInstance error, string name)
    {
        try
        {
            JsValue value = error.Get(name, error);
            if (value.IsUndefined()) return null;
            return Cut(Convert(value), name == "name" ? NameCharsMax : TextCharsMax);
        }
        catch (JavaScriptException)
        {
            return null;
        }
    }

    private static string Cut(string text, int charsMax) => text.Length <= charsMax ? text : text[..charsMax] + "…";
}
