using System.Buffers.Binary;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Http;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Infrastructure.Tests.Http;

public sealed class HealthAndIdTests
{
    private static readonly QueueCounts Healthy = new(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, Workers: 1, Capacity: 3, StoreAvailable: true);

    [Fact]
    public async Task Live_WhateverIsBehind_IsLive()
    {
        var platform = new FakePlatform();
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.GetAsync("/health/live")).Text.Should().Be("""{"error":false,"res":"live"}""");
        platform.Sent.Should().BeEmpty();
    }

    [Fact]
    public async Task Ready_WhenNothingIsMissing_IsReady()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform().On((GetBacklog _) => Healthy));

        (await host.Rest.GetAsync("/health/ready")).Text.Should().Be("""{"error":false,"res":"ready"}""");
    }

    [Fact]
    public async Task Ready_WhenSomethingIsMissing_SaysWhat()
    {
        foreach (var (counts, word) in new (Result<QueueCounts>, string)[]
        {
            (Healthy with { StoreAvailable = false }, "store"),
            (Healthy with { Workers = 0 }, "worker"),
            (Result<QueueCounts>.Fail(ErrorCode.Unavailable, "starting"), "queue"),
        })
        {
            await using var host = await FrontendHost.StartAsync(new FakePlatform().On((GetBacklog _) => counts));

            var answer = await host.Rest.GetAsync("/health/ready");

            answer.Status.Should().Be(503);
            answer.Word.Should().Contain(word);
            answer.Header("Retry-After").Should().Be("1");
        }
    }

    [Fact]
    public void JobId_OfAProcess_HasTheLayoutOfAnObjectId()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(0x6B056A40));
        var ids = new JobIds(time);

        var (first, second) = (ids.Next().ToBytes(), ids.Next().ToBytes());
        var other = new JobIds(time).Next().ToBytes();

        BinaryPrimitives.ReadUInt32BigEndian(first).Should().Be(0x6B056A40);
        second[4..9].Should().Equal(first[4..9], "they tell the process");
        other[4..9].Should().NotEqual(first[4..9]);
        Counter(second).Should().Be((Counter(first) + 1) & 0xFFFFFF);
    }

    [Fact]
    public void JobId_OfManyThreads_IsGivenOnce()
    {
        var ids = new JobIds(TimeProvider.System);
        var made = new JobId[100_000];

        Parallel.For(0, made.Length, i => made[i] = ids.Next());

        made.Should().OnlyHaveUniqueItems();
    }

    private static int Counter(byte[] id) => (id[9] << 16) | (id[10] << 8) | id[11];
}
