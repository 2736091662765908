using FaaS.Domain.Secrets;

namespace FaaS.Domain.Tests.Secrets;

public sealed class SecretCipherTests
{
    private static readonly SecretPlace Place = new(7, "ann", "add", "TOKEN");

    private static readonly byte[] Key = [.. Enumerable.Range(0, SecretCipher.KeySize).Select(at => (byte)at)];

    private readonly SecretCipher _cipher = new("k1", Key);

    [Fact]
    public void Seal_IsWhatOtherImplementationsMake() =>
        // Node's crypto and Python's cryptography agree, over the form that the class describes.
        Convert.ToHexStringLower(_cipher.Seal(Place, "s3crét", [.. Enumerable.Range(0, 12).Select(at => (byte)at)]).Bytes)
            .Should().Be("000102030405060708090a0b3431b569064cb6fc0c4d6e7e7de3ffaf2b0e013003c223");

    [Theory]
    [InlineData("")]
    [InlineData("s3crét 🎈\0\n")]
    public void Open_GivesWhatWasSealed_AndNoTwoSealsAreAlike(string value)
    {
        var seals = Enumerable.Range(0, 100).Select(_ => _cipher.Seal(Place, value)).ToList();

        seals.Should().OnlyContain(seal => _cipher.Open(Place, seal) == value);
        seals.Select(seal => Convert.ToHexString(seal.Bytes.AsSpan(0, 12))).Should().OnlyHaveUniqueItems();
        seals[0].ValueBytes.Should().Be(System.Text.Encoding.UTF8.GetByteCount(value));
        (seals[0].Name, seals[0].Key).Should().Be(("TOKEN", "k1"));
    }

    [Fact]
    public void Open_OfOneWithAnyBitChanged_IsNothing()
    {
        var seal = _cipher.Seal(Place, "value");

        for (var bit = 0; bit < seal.Bytes.Length * 8; bit++)
        {
            var bytes = (byte[])seal.Bytes.Clone();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            _cipher.Open(Place, seal with { Bytes = bytes }).Should().BeNull("bit {0} is another", bit);
        }
    }

    [Fact]
    public void Open_AnywhereElse_IsNothing()
    {
        var seal = _cipher.Seal(Place, "value");
        SecretPlace[] others =
        [
            Place with { Generation = 8 }, Place with { User = "bob" }, Place with { Function = "sub" }, Place with { Name = "OTHER" },
            // The same letters, divided otherwise.
            Place with { User = "anna", Function = "dd" }, Place with { Function = "addT", Name = "OKEN" },
        ];

        others.Should().OnlyContain(other => _cipher.Open(other, seal) == null);
        _cipher.Open(Place, seal with { Key = "k2" }).Should().BeNull("it says another key");
        new SecretCipher("k2", Key).Open(Place, seal with { Key = "k2" }).Should().BeNull("the key's id is bound too");
        new SecretCipher("k1", new byte[SecretCipher.KeySize]).Open(Place, seal).Should().BeNull("the key is another");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(27)]
    public void Open_OfTooFewBytes_IsNothing(int count)
    {
        var seal = new SealedSecret("TOKEN", "k1", new byte[count]);

        _cipher.Open(Place, seal).Should().BeNull();
        seal.ValueBytes.Should().Be(0);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(33)]
    public void Key_OfAnotherLength_IsRefused(int bytes)
    {
        var make = () => new SecretCipher("k1", new byte[bytes]);

        make.Should().Throw<ArgumentException>().WithMessage($"A key of secrets has 32 bytes, not {bytes}.*");
    }

    [Fact]
    public void Ring_KnowsItsKeys_AndWantsTheCurrentOneAmongThem()
    {
        var keys = new SecretKeys(new Dictionary<string, byte[]> { ["k1"] = Key, ["k2"] = new byte[SecretCipher.KeySize] }, "k2");

        keys.Current!.Id.Should().Be("k2");
        keys.Find("k1")!.Open(Place, _cipher.Seal(Place, "value")).Should().Be("value");
        keys.Find("k3").Should().BeNull();
        SecretKeys.None.Current.Should().BeNull();
        var make = () => new SecretKeys(new Dictionary<string, byte[]>(), "k1");
        make.Should().Throw<ArgumentException>().WithMessage("There is no key 'k1'.*");
    }
}
