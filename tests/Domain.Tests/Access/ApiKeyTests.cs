using System.Security.Cryptography;
using System.Text;
using FaaS.Domain.Access;

namespace FaaS.Domain.Tests.Access;

public sealed class ApiKeyTests
{
    private static readonly byte[] Fixed = [.. Enumerable.Range(0, ApiKey.RandomBytes).Select(at => (byte)(at * 9))];

    [Fact]
    public void Create_FromTheSameBytes_IsTheKeyOthersCanCompute()
    {
        var key = ApiKey.Create(Fixed);

        // Computed by a program in another language that has only the description.
        key.Text.Should().Be("faas_004h46s45mv3_918nmrvcenz8f44smanv9fe6szce3tqk28c2zy");
        key.Id.Should().Be(key.Text.Substring(5, 12));
        key.Hash.Should().Equal(SHA256.HashData(Encoding.ASCII.GetBytes(key.Text)));
        key.ToString().Should().Be(key.Id, "a log must not get the secret");
    }

    [Fact]
    public void TryParse_OfWhatWasMade_IsTheSameKey()
    {
        for (var times = 0; times < 200; times++)
        {
            var key = ApiKey.Create(RandomNumberGenerator.GetBytes(ApiKey.RandomBytes));

            ApiKey.TryParse(key.Text, out var read).Should().BeTrue();
            (read.Id, read.Text).Should().Be((key.Id, key.Text));
            read.Matches(key.Hash).Should().BeTrue();
            ApiKey.IsId(read.Id).Should().BeTrue();
        }
    }

    [Fact]
    public void TryParse_OfAKeyWithOneLetterChanged_IsRefusedOffline()
    {
        var key = ApiKey.Create(Fixed).Text;
        for (var at = 0; at < key.Length; at++)
        {
            var wrong = key.ToCharArray();
            wrong[at] = wrong[at] == 'x' ? 'y' : 'x';
            ApiKey.TryParse(new string(wrong), out _).Should().BeFalse($"letter {at} is another");
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("faas_")]
    [InlineData("FAAS_0123456789AB_0123456789ABCDEFGHJKMNPQRSTVWXYZ000000")]
    [InlineData("faas_0123456789ab_0123456789abcdefghjkmnpqrstvwxyz000000")]
    [InlineData("faas_0123456789ab_0123456789abcdefghilmnopqrstuvwx000000")]
    public void TryParse_OfWhatIsNoKey_IsRefused(string? text) => ApiKey.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Matches_OfAnotherKeyWithTheSameId_IsFalse()
    {
        var other = Fixed.ToArray();
        other[^1] ^= 1;

        ApiKey.Create(other).Id.Should().Be(ApiKey.Create(Fixed).Id);
        ApiKey.Create(other).Matches(ApiKey.Create(Fixed).Hash).Should().BeFalse();
        ApiKey.Create(other).Matches([]).Should().BeFalse();
    }

    [Fact]
    public void Create_FromTooFewBytes_IsADefect() =>
        FluentActions.Invoking(() => ApiKey.Create(new byte[27])).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void Scopes_HaveWordsAndAdminCoversAll()
    {
        ScopeWords.Every.Words().Should().HaveCount(7).And.OnlyContain(word => ScopeWords.Find(word) != Scopes.None);
        Scopes.Admin.Cover(Scopes.JobsCancel).Should().BeTrue();
        Scopes.JobsRead.Cover(Scopes.JobsCancel).Should().BeFalse();
        (Scopes.JobsRead | Scopes.JobsCancel).Cover(Scopes.JobsCancel).Should().BeTrue();
        ScopeWords.Find("jobs:everything").Should().Be(Scopes.None);
        ScopeWords.Find(null).Should().Be(Scopes.None);
    }
}
