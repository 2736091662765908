using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// Turns console calls into log lines, up to a number of bytes a run: of the line that goes past it the beginning is
/// kept, one last line says that more was dropped, and later calls cost next to nothing.
/// </summary>
internal sealed class ConsoleCapture(TimeProvider time)
{
    /// <summary>What the separator, and the two brackets around all lines, add.</summary>
    private const int SeparatorBytes = 1;
    private const string Truncated = "… more was written than is kept";

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly ArrayBufferWriter<byte> _line = new();
    private ILogSink? _sink;
    private int _bytesLeft;

    /// <summary>Whether the run's share is used up.</summary>
    public bool IsFull { get; private set; } = true;

    /// <summary>More characters than this need not be formatted: they would be cut anyway.</summary>
    public int CharsMax => _bytesLeft;

    public void Begin(ILogSink sink, int bytesMax)
    {
        _sink = sink;
        IsFull = false;

        // The marker line, and the brackets around all, must fit in any case.
        _bytesLeft = bytesMax - 2 - Format("warn", Truncated).Length - SeparatorBytes;
    }

    public void Write(string level, string text)
    {
        if (IsFull || _sink is null) return;
        ReadOnlySpan<char> kept = text.AsSpan(0, Math.Clamp(_bytesLeft, 0, text.Length));
        ReadOnlySpan<byte> line = Format(level, kept);
        if (kept.Length < text.Length || line.Length + SeparatorBytes > _bytesLeft)
        {
            IsFull = true;
            int fitting = FittingChars(level, kept);
            if (fitting > 0) _sink.Append(Format(level, kept[..fitting]));
            _sink.Append(Format("warn", Truncated));
            return;
        }

        _bytesLeft -= line.Length + SeparatorBytes;
        _sink.Append(line);
    }

    /// <summary>How much of a text there is room for: what a character takes depends on how it is escaped.</summary>
    private int FittingChars(string level, ReadOnlySpan<char> text)
    {
        (int fits, int most) = (0, text.Length);
        while (fits < most)
        {
            int middle = fits + ((most - fits + 1) / 2);
            if (Format(level, text[..middle]).Length + SeparatorBytes <= _bytesLeft) fits = middle;
            else most = middle - 1;
        }

        return fits > 0 && char.IsHighSurrogate(text[fits - 1]) ? fits - 1 : fits;
    }

    private ReadOnlySpan<byte> Format(string level, ReadOnlySpan<char> text)
    {
        _line.ResetWrittenCount();
        using var json = new Utf8JsonWriter(_line, WriterOptions);
        json.WriteStartObject();
        json.WriteString("at"u8, time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("level"u8, level);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
        json.Flush();
        return _line.WrittenSpan;
    }
}
