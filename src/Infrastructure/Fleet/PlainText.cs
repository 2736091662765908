using System.Text;
using System.Text.RegularExpressions;

namespace FaaS.Infrastructure.Fleet;

/// <summary>Makes what others wrote fit for one line of a log: no control characters, no colours, not long.</summary>
internal static partial class PlainText
{
    private const int CharactersMax = 300;

    /// <summary>The text on one line, at most 300 characters of it.</summary>
    public static string Of(string text)
    {
        var line = new StringBuilder(Math.Min(text.Length, CharactersMax));
        foreach (var rune in Uncoloured(text).EnumerateRunes())
        {
            // Formats and separators too: a right-to-left mark or a line separator changes what a reader sees.
            var space = Rune.IsWhiteSpace(rune) || Rune.IsControl(rune)
                || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.Format;
            if (!space) line.Append(rune);
            else if (line.Length > 0 && line[^1] != ' ') line.Append(' ');
            if (line.Length >= CharactersMax) return line.Append('…').ToString();
        }
        return line.ToString().TrimEnd();
    }

    /// <summary>The text without a terminal's escape sequences.</summary>
    public static string Uncoloured(string text) => Escape().Replace(text, "");

    [GeneratedRegex(@"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\a\x1b]*(\a|\x1b\\)|[@-Z\\^_])")]
    private static partial Regex Escape();
}
