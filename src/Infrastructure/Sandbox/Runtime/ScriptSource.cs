using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Acornima;
using Acornima.Ast;
using Jint;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>A place in the user's own text, both numbers from 1.</summary>
internal readonly record struct SourcePlace(int Line, int Column);

/// <summary>
/// The frame every source is put into, and the way back from places in the framed text to places in the user's.
/// The source becomes the initialiser of a constant, in sloppy mode; the completion value is that constant.
/// </summary>
internal static partial class ScriptSource
{
    /// <summary>How the user's source is called in stacks.</summary>
    public const string FileName = "function.js";

    /// <summary>How our own scripts are called; their frames are left out of stacks.</summary>
    public const string InternalName = "platform:";

    /// <summary>How the line of a frame without a function begins.</summary>
    public const string NamelessFrame = "    at <anonymous> (";

    private const string Head = "const fn = ";
    private const string Tail = "\n;fn";

    /// <summary>The first byte of U+2028 and U+2029, and of other characters.</summary>
    private const byte SeparatorHead = 0xE2;

    private static readonly ScriptParsingOptions Parsing = new()
    {
        AllowReturnOutsideFunction = false,
        RetainFunctionSourceText = true,
    };

    private static readonly ScriptPreparationOptions Preparation = new() { ParsingOptions = Parsing };

    /// <summary>Compiles a source.</summary>
    /// <exception cref="ScriptPreparationException">It does not parse; see <see cref="PlaceOf"/>.</exception>
    public static Prepared<Script> Prepare(ReadOnlySpan<byte> source) =>
        Engine.PrepareScript(
            string.Concat(Head, Encoding.UTF8.GetString(source), Tail), FileName, strict: false, Preparation);

    /// <summary>Compiles a script of ours.</summary>
    public static Prepared<Script> PrepareInternal(string code) => Engine.PrepareScript(code, InternalName);

    /// <summary>The user's place for a position (line from 1, column from 0) in the framed text.</summary>
    public static SourcePlace UserPlace(int line, int column) =>
        new(line, 1 + (line == 1 ? Math.Max(0, column - Head.Length) : column));

    /// <summary>Where a stack begins in the user's text; null when it tells no place there.</summary>
    public static SourcePlace? PlaceOf(string? stack, ReadOnlySpan<byte> source)
    {
        // The stack may be of the user's own making: what is no place in the source is passed over.
        if (stack is null || FramePlace().Match(stack) is not { Success: true } frame) return null;
        var place = new SourcePlace(
            int.Parse(frame.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(frame.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
        SourcePlace end = EndOf(source, place.Line);
        return place.Line == end.Line && place.Column >= 1 && place.Column <= end.Column ? place : null;
    }

    /// <summary>
    /// Where the parser gave up on a source that nests too deeply, by having it parse once more; null when it does not.
    /// </summary>
    public static SourcePlace? DeepPlaceOf(ReadOnlySpan<byte> source)
    {
        (int line, int column) = (0, 0);
        var parser = new Parser(new ParserOptions
        {
            OnToken = (in Token token) => (line, column) = (token.Location.Start.Line, token.Location.Start.Column),
        });
        try
        {
            parser.ParseScript(string.Concat(Head, Encoding.UTF8.GetString(source), Tail));
            return null;
        }
        catch (Exception error) when (error is InsufficientExecutionStackException or ParseErrorException)
        {
            return line == 0 ? null : UserPlace(line, column);
        }
    }

    /// <summary>Where the source is wrong; the end of the source when the parser ran into our own tail.</summary>
    public static SourcePlace? PlaceOf(ParseErrorException error, ReadOnlySpan<byte> source)
    {
        if (error.LineNumber <= 0) return null;
        SourcePlace place = UserPlace(error.LineNumber, Math.Max(0, error.Column));
        SourcePlace end = EndOf(source);
        return place.Line > end.Line || (place.Line == end.Line && place.Column > end.Column) ? end : place;
    }

    /// <summary>One line of a stack; an empty one, which is dropped later, for frames that are not the user's.</summary>
    /// <param name="function">The frame's function.</param>
    /// <param name="location">Where in the framed text, or in which other text.</param>
    /// <param name="lines">Lines of the user's source: what lies behind them is our tail.</param>
    public static string StackLine(string function, SourceLocation location, int lines)
    {
        string name = function is "" or "anonymous" or "(anonymous)" ? "<anonymous>" : function;
        if (location.SourceFile is null or InternalName) return "\n";
        if (location.SourceFile != FileName) return $"    at {name} (<eval>)\n";
        if (location.Start.Line > lines) return "\n";
        SourcePlace place = UserPlace(location.Start.Line, location.Start.Column);
        return string.Create(
            CultureInfo.InvariantCulture, $"    at {name} ({FileName}:{place.Line}:{place.Column})\n");
    }

    /// <summary>Lines of a source, as the language counts them.</summary>
    public static int LinesOf(ReadOnlySpan<byte> source) => EndOf(source).Line;

    [GeneratedRegex(@"\(function\.js:([0-9]{1,6}):([0-9]{1,6})\)", RegexOptions.CultureInvariant)]
    private static partial Regex FramePlace();

    /// <summary>Where a line ends; where the source does when it has no such line.</summary>
    private static SourcePlace EndOf(ReadOnlySpan<byte> source, int line = int.MaxValue)
    {
        (int lines, int start, int end) = (1, 0, source.Length);
        for (int at = 0; ;)
        {
            int next = source[at..].IndexOfAny((byte)'\n', (byte)'\r', SeparatorHead);
            if (next < 0) break;
            int length = LineEndLength(source[(at + next)..]);
            if (length > 0 && lines == line)
            {
                end = at + next;
                break;
            }
            at += next + Math.Max(1, length);
            if (length == 0) continue;
            lines++;
            start = at;
        }

        return new SourcePlace(lines, 1 + Encoding.UTF8.GetCharCount(source[start..end]));
    }

    /// <summary>Bytes of the line end at the beginning; 0 when there is none. U+2028 and U+2029 end lines, too.</summary>
    private static int LineEndLength(ReadOnlySpan<byte> text) => text switch
    {
        [(byte)'\r', (byte)'\n', ..] => 2,
        [(byte)'\r' or (byte)'\n', ..] => 1,
        [SeparatorHead, 0x80, 0xA8 or 0xA9, ..] => 3,
        _ => 0,
    };
}
