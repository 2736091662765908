using System.Globalization;
using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class LeaseSealerTests
{
    private static readonly JobId Job = JobId.Parse("000000000000000100000002");

    private readonly LeaseSealer _sealer = new([.. Enumerable.Range(0, LeaseSealer.KeySize).Select(at => (byte)at)]);

    [Fact]
    public void Seal_IsWhatAnotherImplementationMakes() =>
        // Python's hmac, over the text the class describes.
        _sealer.Seal(Job, 3, 4).Seal.ToString("x32", CultureInfo.InvariantCulture).Should().Be("a816c5a4b5a3c59f0dbc37812c404e73");

    [Fact]
    public void IsGenuine_OfAToken_HoldsForItsJobAndNothingElse()
    {
        var token = _sealer.Seal(Job, 3, 4);

        _sealer.IsGenuine(Job, token).Should().BeTrue();
        _sealer.IsGenuine(new JobId(1, 3), token).Should().BeFalse();
        _sealer.IsGenuine(Job, token with { Epoch = 4 }).Should().BeFalse();
        _sealer.IsGenuine(Job, token with { Number = 5 }).Should().BeFalse();
        new LeaseSealer(new byte[LeaseSealer.KeySize]).IsGenuine(Job, token).Should().BeFalse("the key is another");
    }

    [Fact]
    public void IsGenuine_OfATokenWithAnyBitChanged_IsFalse()
    {
        var token = _sealer.Seal(Job, 3, 4);

        for (var bit = 0; bit < 128; bit++)
            _sealer.IsGenuine(Job, token with { Seal = token.Seal ^ (UInt128.One << bit) }).Should().BeFalse("bit {0}", bit);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Key_OfAnotherLength_IsRefused(int bytes)
    {
        var make = () => new LeaseSealer(new byte[bytes]);

        make.Should().Throw<ArgumentException>().WithMessage($"A key of leases has 32 bytes, not {bytes}.*");
    }
}
