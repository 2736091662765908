using System.Text;
using CsCheck;

namespace FaaS.Tests.Shared.Fuzzing;

/// <summary>Bytes as nobody should send them: any at all, and good ones that came to harm.</summary>
public static class Damage
{
    private static readonly byte[] Telling = [0, 1, 2, 3, 0x1F, 0x20, 0x22, 0x7E, 0x7F, 0x80, 0xC0, 0xED, 0xFE, 0xFF];

    /// <summary>What breaks readers of JSON and of JavaScript.</summary>
    public static IReadOnlyList<byte[]> TextWords { get; } =
    [
        .. new[]
        {
            "null", "true", "[", "]", "{", "}", "\"", "\\", ",", ":", "-", "0", "1e999", "-0", "1E+400", "9007199254740993", "0.1e-400",
            "\\ud800", "\\udfff", "\\u0000", "\"\\ud83d\"", "\0", "\r\n", "\u2028", "\uFEFF", "🎈", "__proto__", "NaN", "/*", "*/", "//",
            "{\"a\":1,\"a\":2}", "[[[[[[[[", "99999999999999999999", "1.", "01", "+1", "'", "`", "${", "=>", "...", "\\x", "\t", "9223372036854775807",
            "-9223372036854775808", "4294967296", "\"a\":", "[null]", "{}", "[]", "\"\"",
        }.Select(Encoding.UTF8.GetBytes),
        // UTF-8 as it must not be: overlong, a surrogate, beyond the last code point, cut off, a tail without a head.
        [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xBF], [0xFF],
    ];

    /// <summary>Any bytes.</summary>
    public static Gen<byte[]> AnyBytes(int most) => Gen.Byte.Array[0, most];

    /// <summary>One of the good ones, changed in a few places: bits, bytes, ranges, words, and parts of another one.</summary>
    /// <param name="good">What would be taken as it is.</param>
    /// <param name="words">What to put in between; may be empty.</param>
    /// <param name="most">Changes at most.</param>
    public static Gen<byte[]> Of(IReadOnlyList<byte[]> good, IReadOnlyList<byte[]>? words = null, int most = 6)
    {
        ArgumentNullException.ThrowIfNull(good);
        var change = Gen.Select(Gen.Int[0, 8], Gen.UInt, Gen.UInt, Gen.Int[0, 12]);
        return Gen.Select(Gen.Int[0, good.Count - 1], change.Array[0, most]).Select((at, changes) =>
        {
            var bytes = good[at].ToList();
            foreach (var (kind, where, what, length) in changes) Change(bytes, kind, where, what, length, good, words);
            return bytes.ToArray();
        });
    }

    private static void Change(
        List<byte> bytes, int kind, uint where, uint what, int length, IReadOnlyList<byte[]> good, IReadOnlyList<byte[]>? words)
    {
        var at = (int)(where % (uint)(bytes.Count + 1));
        var count = Math.Min(length, bytes.Count - at);
        switch (kind)
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << (int)(what % 8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)what;
                break;
            case 2 when at < bytes.Count:
                bytes[at] = Telling[what % (uint)Telling.Length];
                break;
            case 3:
                bytes.RemoveRange(at, count);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, count));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6:
                bytes.InsertRange(at, Enumerable.Repeat((byte)what, length));
                break;
            case 7 when words is { Count: > 0 }:
                bytes.InsertRange(at, words[(int)(what % (uint)words.Count)]);
                break;
            case 8:
                var other = good[(int)(what % (uint)good.Count)];
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other.Skip((int)(where % (uint)(other.Length + 1))));
                break;
        }
    }
}
