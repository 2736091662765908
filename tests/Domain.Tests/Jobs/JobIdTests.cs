using CsCheck;
using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobIdTests
{
    private static readonly Gen<JobId> Ids = Gen.Select(Gen.ULong, Gen.UInt, (high, low) => new JobId(high, low));

    [Fact]
    public void Parse_OfItsText_GivesTheId() => Ids.Sample(id => JobId.Parse(id.ToString()) == id);

    [Fact]
    public void Read_OfItsBytes_GivesTheId() =>
        Ids.Sample(id => id.ToBytes().Length == JobId.Size && JobId.Read(id.ToBytes()) == id);

    [Fact]
    public void CompareTo_OfTwoIds_IsTheOrderOfTheirTexts() => Gen.Select(Ids, Ids).Sample((one, two) =>
        Math.Sign(one.CompareTo(two)) == Math.Sign(string.CompareOrdinal(one.ToString(), two.ToString())));

    [Fact]
    public void ToString_Always_HasTheDocumentedForm()
    {
        new JobId(0x0123456789ABCDEF, 0x00FF10AA).ToString().Should().Be("0123456789abcdef00ff10aa");
        Ids.Sample(id => id.ToString().Length == JobId.TextLength);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0123456789abcdef00ff10a")]
    [InlineData("0123456789abcdef00ff10aaa")]
    [InlineData("0123456789ABCDEF00ff10aa")]
    [InlineData("0123456789abcdef00ff10ag")]
    [InlineData(" 123456789abcdef00ff10aa")]
    [InlineData("٠123456789abcdef00ff10aa")]
    public void TryParse_WhenMalformed_IsRefused(string? text)
    {
        JobId.TryParse(text, out _).Should().BeFalse();
        FluentActions.Invoking(() => JobId.Parse(text!)).Should().Throw<FormatException>();
    }

    /// <summary>A second's worth of counter and the next second's clock must not cancel each other out.</summary>
    [Fact]
    public void GetHashCode_OfIdsOneProcessMakes_HardlyCollides()
    {
        var hashes = new HashSet<int>();

        for (uint second = 0; second < 16; second++)
        {
            for (uint number = 0; number < 32_768; number++)
            {
                var high = ((ulong)(1_700_000_000 + second) << 32) | 0xA1B2C3D4;
                hashes.Add(new JobId(high, (0xE5u << 24) | ((second * 32_768) + number)).GetHashCode() & 0xFFFFF);
            }
        }

        // 2^19 ids into 2^20 places: chance fills 39 % of them.
        hashes.Count.Should().BeGreaterThan(400_000);
    }
}
