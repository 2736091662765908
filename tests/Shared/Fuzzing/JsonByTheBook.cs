using System.Globalization;
using System.Text;

namespace FaaS.Tests.Shared.Fuzzing;

/// <summary>
/// JSON as RFC 8259 defines it, and UTF-8 as RFC 3629 does: a second opinion on what others accept, written without any of
/// them. Values become dictionaries, lists, doubles, booleans, null, and strings whose code units may be half a pair.
/// </summary>
public sealed class JsonByTheBook
{
    private readonly string _text;
    private readonly int _depthMax;
    private int _at;
    private int _depth;

    private JsonByTheBook(string text, int depthMax) => (_text, _depthMax) = (text, depthMax);

    /// <summary>Reads the one value that the bytes are.</summary>
    /// <param name="bytes">What may be JSON.</param>
    /// <param name="depthMax">How deep arrays and objects may nest.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether it is JSON, in UTF-8, and not too deep.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int depthMax, out object? value)
    {
        value = null;
        if (DecodeUtf8(bytes) is not { } text) return false;
        var reader = new JsonByTheBook(text, depthMax);
        try
        {
            value = reader.Value();
            reader.Space();
            return reader._at == text.Length;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>The text, or null when the bytes are not UTF-8.</summary>
    public static string? DecodeUtf8(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        for (var at = 0; at < bytes.Length;)
        {
            var lead = bytes[at];
            var (length, least, bits) = lead switch
            {
                < 0x80 => (1, 0, lead),
                >= 0xC0 and < 0xE0 => (2, 0x80, lead & 0x1F),
                >= 0xE0 and < 0xF0 => (3, 0x800, lead & 0x0F),
                >= 0xF0 and < 0xF8 => (4, 0x10000, lead & 0x07),
                _ => (0, 0, 0),
            };
            if (length == 0 || at + length > bytes.Length) return null;
            for (var next = 1; next < length; next++)
            {
                if ((bytes[at + next] & 0xC0) != 0x80) return null;
                bits = (bits << 6) | (bytes[at + next] & 0x3F);
            }
            if (bits < least || bits > 0x10FFFF || bits is >= 0xD800 and <= 0xDFFF) return null;
            text.Append(char.ConvertFromUtf32(bits));
            at += length;
        }
        return text.ToString();
    }

    /// <summary>Whether two values are the same to a program: numbers as doubles, members in any order.</summary>
    public static bool AreSame(object? one, object? other) => (one, other) switch
    {
        (null, null) => true,
        (double a, double b) => a == b,
        (bool a, bool b) => a == b,
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => AreSame(pair.First, pair.Second)),
        (Dictionary<string, object?> a, Dictionary<string, object?> b) =>
            a.Count == b.Count && a.All(pair => b.TryGetValue(pair.Key, out var value) && AreSame(pair.Value, value)),
        _ => false,
    };

    private object? Value()
    {
        Space();
        switch (Peek())
        {
            case '{':
                return Nested(Object);
            case '[':
                return Nested(Array);
            case '"':
                return String();
            case 't':
                return Word("true", true);
            case 'f':
                return Word("false", false);
            case 'n':
                return Word("null", null);
            default:
                return Number();
        }
    }

    private object Nested(Func<object> read)
    {
        if (++_depth > _depthMax) throw new FormatException();
        _at++;
        var value = read();
        _depth--;
        return value;
    }

    private Dictionary<string, object?> Object()
    {
        var members = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (Took('}')) return members;
        do
        {
            Space();
            if (Peek() != '"') throw new FormatException();
            var name = String();
            if (!Took(':')) throw new FormatException();
            members[name] = Value();
        }
        while (Took(','));
        return Took('}') ? members : throw new FormatException();
    }

    private List<object?> Array()
    {
        var elements = new List<object?>();
        if (Took(']')) return elements;
        do elements.Add(Value());
        while (Took(','));
        return Took(']') ? elements : throw new FormatException();
    }

    private string String()
    {
        var text = new StringBuilder();
        for (_at++; ; _at++)
        {
            var letter = Peek();
            if (letter == '"') break;
            if (letter < ' ') throw new FormatException();
            text.Append(letter == '\\' ? Escape() : letter);
        }
        _at++;
        return text.ToString();
    }

    private char Escape()
    {
        _at++;
        if (Peek() != 'u') return "\"\\/bfnrt".IndexOf(Peek()) is var kind and >= 0 ? "\"\\/\b\f\n\r\t"[kind] : throw new FormatException();
        var code = 0;
        for (var digit = 0; digit < 4; digit++)
        {
            _at++;
            code = (code << 4) | (char.IsAsciiHexDigit(Peek()) ? Convert.ToInt32(Peek().ToString(), 16) : throw new FormatException());
        }
        return (char)code;
    }

    private double Number()
    {
        var start = _at;
        if (Peek() == '-') _at++;
        if (Peek() == '0') _at++;
        else Digits();
        if (_at < _text.Length && _text[_at] == '.')
        {
            _at++;
            Digits();
        }
        if (_at < _text.Length && _text[_at] is 'e' or 'E')
        {
            _at++;
            if (Peek() is '+' or '-') _at++;
            Digits();
        }
        return double.Parse(_text.AsSpan(start, _at - start), CultureInfo.InvariantCulture);
    }

    private void Digits()
    {
        if (!char.IsAsciiDigit(Peek())) throw new FormatException();
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at])) _at++;
    }

    private object? Word(string word, object? value)
    {
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0) throw new FormatException();
        _at += word.Length;
        return value;
    }

    private char Peek() => _at < _text.Length ? _text[_at] : throw new FormatException();

    private bool Took(char letter)
    {
        Space();
        if (_at >= _text.Length || _text[_at] != letter) return false;
        _at++;
        return true;
    }

    private void Space()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n') _at++;
    }
}
