using System.Text.RegularExpressions;
using CsCheck;

namespace FaaS.Domain.Tests;

public sealed class NamesTests
{
    private static readonly Gen<string> Texts =
        Gen.OneOf(Gen.Char[' ', '~'], Any("é\n٠K\0")).Array[0, 140].Select(letters => new string(letters));

    private static readonly Gen<string> NearMisses =
        Any("abcXYZ019._@+-$ /é\n").Array[0, 6].Select(letters => new string(letters));

    [Fact]
    public void IsUser_OfAnyText_AgreesWithItsPattern() =>
        Gen.OneOf(Texts, NearMisses).Sample(text => Names.IsUser(text) == Matches(Names.UserPattern, text));

    [Fact]
    public void IsFunction_OfAnyText_AgreesWithItsPattern() =>
        Gen.OneOf(Texts, NearMisses).Sample(text => Names.IsFunction(text) == Matches(Names.FunctionPattern, text));

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    [InlineData(0, false)]
    public void Names_AtTheirLongest_AreStillNames(int length, bool expected)
    {
        var name = new string('a', length);

        Names.IsUser(name).Should().Be(expected);
        Names.IsFunction(name).Should().Be(expected);
    }

    private static Gen<char> Any(string letters) => Gen.Int[0, letters.Length - 1].Select(at => letters[at]);

    private static bool Matches(string pattern, string text) =>
        Regex.IsMatch(text, $@"\A(?:{pattern})\z", RegexOptions.CultureInvariant);
}
