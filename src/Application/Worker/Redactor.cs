using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Worker;

/// <summary>
/// Takes secrets out of what people read about a run: its log and its error. It finds a secret as it is, as JSON and as
/// the console write it between quotes, each line of one that has several, and one that was written in pieces, call by
/// call. It does not find what the function itself has made unrecognisable, and leaves results alone: what a function
/// returns is its own choice.
/// </summary>
internal sealed class Redactor
{
    /// <summary>What stands in a secret's place.</summary>
    public const string Mark = "[redacted]";

    /// <summary>Shorter ones are everywhere in a text, and worth nothing as secrets.</summary>
    public const int CharsMin = 4;

    /// <summary>A line of a secret that is shorter may be on its own in many a text.</summary>
    private const int LineCharsMin = 8;

    private const char Ellipsis = '…';

    private const string Unreadable = "The log was not readable, so secrets could not be taken out of it.";

    private static readonly JsonWriterOptions AsItCame = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string[] _spellings;

    /// <summary>A redactor of secrets.</summary>
    public Redactor(IEnumerable<string> secrets) =>
        _spellings = [.. secrets.SelectMany(Spellings).Where(text => text.Length >= CharsMin).Distinct()];

    /// <summary>Whether there is anything to take out.</summary>
    public bool HasSecrets => _spellings.Length > 0;

    /// <summary>Nothing is a secret.</summary>
    public static Redactor Idle { get; } = new([]);

    /// <summary>The same result, its log and its error without secrets.</summary>
    public AttemptResult Redact(AttemptResult result) => _spellings.Length == 0
        ? result
        : result with { Error = Redact(result.Error), Logs = RedactLog(result.Logs) };

    private FunctionError? Redact(FunctionError? error) => error is null
        ? null
        : new FunctionError(Redact(error.Name), Redact(error.Message), error.Stack is null ? null : Redact(error.Stack));

    private string Redact(string text) => RedactAll([text])[0];

    /// <summary>The texts of a log's lines, which are one text to be searched.</summary>
    private byte[] RedactLog(byte[] log)
    {
        if (log.Length == 0) return log;
        try
        {
            using var json = JsonDocument.Parse(log);
            string[] texts = [.. json.RootElement.EnumerateArray().Select(TextOf)];
            var redacted = RedactAll(texts);
            return ReferenceEquals(redacted, texts) ? log : Rewrite(json.RootElement, redacted);
        }
        // A child that is not itself any more may send anything.
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return Encoding.UTF8.GetBytes($$"""[{"at":"1970-01-01T00:00:00.000Z","level":"error","text":"{{Unreadable}}"}]""");
        }
    }

    private static string TextOf(JsonElement line) =>
        line.GetProperty("text").GetString() ?? throw new JsonException("A line has no text.");

    private static byte[] Rewrite(JsonElement lines, string[] texts)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, AsItCame))
        {
            writer.WriteStartArray();
            var at = 0;
            foreach (var line in lines.EnumerateArray())
            {
                writer.WriteStartObject();
                foreach (var member in line.EnumerateObject())
                {
                    if (member.NameEquals("text"u8)) writer.WriteString("text"u8, texts[at]);
                    else member.WriteTo(writer);
                }
                writer.WriteEndObject();
                at++;
            }
            writer.WriteEndArray();
        }
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Marks every character that belongs to a secret and puts one mark in the place of each stretch: secrets that overlap
    /// leave nothing of either.
    /// </summary>
    private string[] RedactAll(string[] texts)
    {
        var whole = string.Concat(texts);
        var isSecret = new bool[whole.Length];
        foreach (var spelling in _spellings) MarkAll(whole, spelling, isSecret);
        MarkCutEnd(whole, texts, isSecret);
        if (!isSecret.Contains(true)) return texts;
        var redacted = new string[texts.Length];
        var start = 0;
        for (var at = 0; at < texts.Length; at++)
        {
            redacted[at] = Without(texts[at], isSecret.AsSpan(start, texts[at].Length), start > 0 && isSecret[start - 1]);
            start += texts[at].Length;
        }
        return redacted;
    }

    private static void MarkAll(string whole, string spelling, bool[] isSecret)
    {
        var marked = 0;
        for (var at = whole.IndexOf(spelling, StringComparison.Ordinal); at >= 0;
            at = whole.IndexOf(spelling, at + 1, StringComparison.Ordinal))
        {
            var from = Math.Max(at, marked);
            marked = at + spelling.Length;
            isSecret.AsSpan(from, marked - from).Fill(true);
        }
    }

    /// <summary>
    /// What was too long was cut, and the cut may have gone through a secret: its beginning stands where the text ends, just
    /// before the last ellipsis, which may begin a line of its own.
    /// </summary>
    private void MarkCutEnd(string whole, string[] texts, bool[] isSecret)
    {
        if (texts is not [.., var last]) return;
        var end = last.EndsWith(Ellipsis) ? whole.Length - 1 : last.StartsWith(Ellipsis) ? whole.Length - last.Length : 0;
        foreach (var spelling in _spellings)
        {
            for (var length = Math.Min(spelling.Length - 1, end); length >= CharsMin; length--)
            {
                if (!whole.AsSpan(end - length, length).SequenceEqual(spelling.AsSpan(0, length))) continue;
                isSecret.AsSpan(end - length, length).Fill(true);
                break;
            }
        }
    }

    private static string Without(string text, ReadOnlySpan<bool> isSecret, bool goesOn)
    {
        if (!isSecret.Contains(true)) return text;
        var redacted = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (!isSecret[at]) redacted.Append(text[at]);
            // A stretch that began on an earlier line has its mark there.
            else if (at == 0 ? !goesOn : !isSecret[at - 1]) redacted.Append(Mark);
        }
        return redacted.ToString();
    }

    private static IEnumerable<string> Spellings(string secret)
    {
        foreach (var text in secret.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length >= LineCharsMin)
            .Prepend(secret))
        {
            yield return text;
            yield return AsJson(text, '"');
            yield return AsJson(text, '\'');
            yield return text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal);
        }
    }

    /// <summary>As JavaScript's <c>JSON.stringify</c> writes it, without the quotes.</summary>
    private static string AsJson(string text, char quote)
    {
        var json = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            json.Append(letter switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                _ when letter == quote => $"\\{letter}",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => letter.ToString(),
            });
        }
        return json.ToString();
    }
}
