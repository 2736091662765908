using FaaS.Domain.Users;

namespace FaaS.Domain.Tests.Users;

public sealed class TokenBucketTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 60)]
    [InlineData(10, 10)]
    [InlineData(0.1, 60)]
    [InlineData(1_000_000, 1_000_000)]
    public void Tokens_AreABurstAndThenTheRate(double perSecond, int burst)
    {
        var bucket = new TokenBucket();
        var taken = 0;
        while (bucket.Take(5, perSecond, burst)) taken++;

        taken.Should().Be(burst);
        var waitUs = bucket.WaitUs(5, perSecond, burst);
        waitUs.Should().Be((long)(1_000_000 / perSecond));
        bucket.Take(5 + waitUs - 1, perSecond, burst).Should().BeFalse();
        bucket.Take(5 + waitUs, perSecond, burst).Should().BeTrue();
        bucket.Take(5 + waitUs, perSecond, burst).Should().BeFalse();
    }

    [Fact]
    public void Bucket_ThatNobodyTakesFrom_IsNeverMoreThanFull()
    {
        var bucket = new TokenBucket();
        for (var at = 0; at < 5; at++) bucket.Take(0, 1, 5);
        bucket.IsFull(4_999_999).Should().BeFalse();
        bucket.IsFull(5_000_000).Should().BeTrue();

        var taken = 0;
        while (bucket.Take(1_000_000_000, 1, 5)) taken++;

        taken.Should().Be(5);
    }

    [Fact]
    public void Bucket_WithoutABound_IsNeverEmpty()
    {
        var bucket = new TokenBucket();
        for (var at = 0; at < 1_000; at++) bucket.Take(0, 0, 0).Should().BeTrue();
        bucket.WaitUs(0, 0, 0).Should().Be(0);
    }
}
