using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using FaaS.Domain;
using FaaS.Infrastructure.Http;
using FaaS.Tests.Shared.Fuzzing;

namespace FaaS.Infrastructure.Tests.Http;

/// <summary>What users send as arguments and sources: taken where the standards say so, else refused with where it is wrong.</summary>
public sealed partial class BodyFuzzTests
{
    private const int DepthMax = 8;

    private static readonly byte[][] Good =
    [
        .. new[]
        {
            "[]", "[1,2,3]", "[\"a\",\"\\u00e4\\ud83c\\udf88\",null,true,false]", "[{\"a\":{\"b\":[1.5e-3,-0,1E+2]}},[[[]]]]", " \r\n\t[ 1 , {\"\":\"\"} ]\n",
            "[\"ü☃🎈\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[[[[[[[[1]]]]]]]]", "[[[[[[[[[1]]]]]]]]]", "{\"a\":1}", "7", "\"x\"", "null", "[{\"a\":1,\"a\":2,\"__proto__\":3}]",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public static Gen<byte[]> AnyJson { get; } = Gen.Frequency((5, Damage.Of(Good, Damage.TextWords)), (1, Damage.AnyBytes(60)));

    [Fact]
    public void Arguments_OfAnyKind_AreTakenWhenTheyAreAJsonArrayByTheBook() => Fuzz.Run("arguments", 20_000, AnyJson, body =>
    {
        var answer = RequestBodies.CheckArguments(body, DepthMax);

        var isArray = body.Length == 0 || (JsonByTheBook.TryRead(body, DepthMax, out var value) && value is List<object?>);
        answer.IsOk.Should().Be(isArray);
        if (answer.IsOk)
        {
            answer.Value.Should().Equal(body.Length == 0 ? "[]"u8.ToArray() : body);
            return;
        }
        answer.Error.Code.Should().Be(ErrorCode.InvalidArguments);
        if (Place().Match(answer.Error.Message) is { Success: true } place) CheckPlace(body, place);
        answer.Error.Message.Contains("deeper", StringComparison.Ordinal).Should()
            .Be(!JsonByTheBook.TryRead(body, DepthMax, out _) && answer.Error.Message.Contains($"{DepthMax} levels", StringComparison.Ordinal));
    }, Show);

    [Fact]
    public void Sources_OfAnyKind_AreTakenWhenTheyAreText() => Fuzz.Run("sources as text", 20_000, AnyJson, body =>
    {
        var answer = RequestBodies.CheckSource(body);

        answer.IsOk.Should().Be(body.Length > 0 && JsonByTheBook.DecodeUtf8(body) is not null);
        if (!answer.IsOk) answer.Error.Code.Should().Be(ErrorCode.InvalidSource);
    }, Show);

    [Fact]
    public void Waits_OfAnyKind_AreATimeOrRefused()
    {
        byte[][] good = [.. new[] { "30s", "500ms", "1m", "2h", "1d", "0", "60" }.Select(Encoding.ASCII.GetBytes)];

        Fuzz.Run("waits", 5_000, Damage.Of(good, Damage.TextWords, 3).Select(Encoding.UTF8.GetString), text =>
        {
            if (Waits.TryParse(text, out var ms)) ms.Should().BeGreaterThanOrEqualTo(0);
            Waits.TryParse(text, out _).Should()
                .Be(Wait().IsMatch(text) && System.Numerics.BigInteger.Parse(Digits().Match(text).Value, CultureInfo.InvariantCulture) <= int.MaxValue);
        });
    }

    /// <summary>A place in the body, counted from one; the end of the text is one too.</summary>
    private static void CheckPlace(byte[] body, Match place)
    {
        var line = int.Parse(place.Groups[1].Value, CultureInfo.InvariantCulture);
        var at = int.Parse(place.Groups[2].Value, CultureInfo.InvariantCulture);
        var lines = Encoding.Latin1.GetString(body).Split('\n');
        line.Should().BeInRange(1, lines.Length);
        at.Should().BeInRange(1, lines[line - 1].Length + 1);
    }

    private static string Show(byte[] body) => $"{Convert.ToHexStringLower(body)} {Encoding.UTF8.GetString(body)}";

    [GeneratedRegex(@"line (\d+), byte (\d+)")]
    private static partial Regex Place();

    [GeneratedRegex(@"^[0-9]+(ms|s|m|h|d)?\z")]
    private static partial Regex Wait();

    [GeneratedRegex("^[0-9]+")]
    private static partial Regex Digits();
}
