using System.Globalization;
using System.Text;
using Jint;
using Jint.Native;
using Jint.Native.Error;
using Jint.Native.Object;
using Jint.Runtime;
using Jint.Runtime.Descriptors;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// Formats the arguments of a console call: strings as they are, everything else roughly as Node.js shows it. Getters
/// are never run; what a Proxy throws is dropped.
/// </summary>
internal sealed class ConsoleText(int charsMax)
{
    private const int DepthMax = 4;
    private const int EntriesMax = 100;

    private readonly StringBuilder _text = new();
    private readonly List<ObjectInstance> _path = [];

    public static string Format(JsValue[] arguments, int charsMax)
    {
        if (arguments is [JsString only]) return only.ToString();
        var text = new ConsoleText(charsMax);
        int next = arguments is [JsString template, ..] ? text.AppendTemplate(template.ToString(), arguments) : 0;
        for (int i = next; i < arguments.Length && !text.IsFull; i++)
        {
            if (i > 0) text._text.Append(' ');
            text.AppendTop(arguments[i]);
        }

        return text._text.ToString();
    }

    private bool IsFull => _text.Length > charsMax;

    /// <summary>Fills %s, %d, %i, %f, %j, %o, %O and %%; answers how many arguments are used up.</summary>
    private int AppendTemplate(string template, JsValue[] arguments)
    {
        int next = 1;
        for (int i = 0; i < template.Length && !IsFull; i++)
        {
            char verb = i + 1 < template.Length ? template[i + 1] : '\0';
            bool isVerb = template[i] == '%' && (verb == '%' || (next < arguments.Length && "sdifjoO".Contains(verb)));
            if (!isVerb)
            {
                _text.Append(template[i]);
                continue;
            }

            i++;
            if (verb == '%') _text.Append('%');
            else AppendVerb(verb, arguments[next++]);
        }

        return next;
    }

    private void AppendVerb(char verb, JsValue value)
    {
        if (verb is 'd' or 'i' or 'f' && value.IsPrimitive() && !value.IsSymbol() && !value.IsBigInt())
        {
            double number = TypeConverter.ToNumber(value);
            _text.Append(TypeConverter.ToString(verb == 'i' ? JsNumber.Create(Math.Truncate(number)) : JsNumber.Create(number)));
            return;
        }

        AppendTop(value);
    }

    private void AppendTop(JsValue value)
    {
        if (value is JsString text) AppendCut(text.ToString());
        else Append(value);
    }

    private void Append(JsValue value)
    {
        if (value is JsString text) AppendQuoted(text.ToString());
        else if (value.IsBigInt()) _text.Append(value).Append('n');
        else if (value is not ObjectInstance instance) AppendCut(ThrownText.Convert(value));
        else AppendObject(instance);
    }

    private void AppendObject(ObjectInstance value)
    {
        try
        {
            if (value.IsCallable()) AppendFunction(value);
            else if (value is ErrorInstance) AppendCut(ThrownText.Read(value) is { Stack: { } stack } ? stack : ThrownText.Read(value).Text);
            else if (value.IsDate() || value.IsRegExp()) AppendCut(ThrownText.Convert(value));
            else if (_path.Contains(value)) _text.Append("[Circular]");
            else if (_path.Count >= DepthMax) _text.Append(value.IsArray() ? "[Array]" : "[Object]");
            else AppendEntries(value);
        }
        catch (JavaScriptException)
        {
            _text.Append("[unreadable]");
        }
    }

    private void AppendFunction(ObjectInstance function)
    {
        string name = function.GetOwnProperty("name").Value is JsString text ? text.ToString() : "";
        _text.Append(name.Length == 0 ? "[Function (anonymous)]" : $"[Function: {name}]");
    }

    private void AppendEntries(ObjectInstance value)
    {
        _path.Add(value);
        try
        {
            AppendProperties(value, value.IsArray());
        }
        finally
        {
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private void AppendProperties(ObjectInstance value, bool isArray)
    {
        _text.Append(isArray ? '[' : '{');
        int shown = 0;
        foreach (JsValue key in value.GetOwnPropertyKeys(Types.String))
        {
            PropertyDescriptor property = value.GetOwnProperty(key);
            if (!property.Enumerable) continue;
            if (shown == EntriesMax || IsFull)
            {
                _text.Append(", …");
                break;
            }

            _text.Append(shown++ == 0 ? " " : ", ");
            if (!isArray || !IsIndex(key)) AppendKey(key.ToString());
            if (property.IsAccessorDescriptor()) _text.Append("[Getter]");
            else Append(property.Value ?? JsValue.Undefined);
        }

        _text.Append(shown == 0 ? "" : " ").Append(isArray ? ']' : '}');
    }

    private void AppendKey(string key)
    {
        bool isName = key.Length > 0 && !char.IsAsciiDigit(key[0]) && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$');
        if (isName) _text.Append(key);
        else AppendQuoted(key);
        _text.Append(": ");
    }

    private void AppendQuoted(string text)
    {
        _text.Append('\'');
        AppendCut(text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("'", "\\'", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal));
        _text.Append('\'');
    }

    private void AppendCut(string text) => _text.Append(text.AsSpan(0, Math.Min(text.Length, charsMax + 1)));

    private static bool IsIndex(JsValue key) =>
        uint.TryParse(key.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
