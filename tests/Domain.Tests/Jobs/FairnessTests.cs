using FaaS.Domain.Jobs;
using FaaS.Domain.Users;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>
/// Who gets how much of the workers, in simulated time: the whole queue, workers that prefetch, runs of seeded lengths.
/// </summary>
public sealed class FairnessTests
{
    [Theory]
    [InlineData(1, 4, 20, 20, 20)]
    [InlineData(2, 4, 5, 50, 200)]
    [InlineData(3, 16, 200, 50, 5)]
    [InlineData(4, 8, 1, 300, 20)]
    [InlineData(5, 4, 5, 20, 40)]
    [InlineData(6, 4, 40, 20, 5)]
    [InlineData(7, 3, 5, 20, 40)]
    [InlineData(8, 4, 2, 200, 2)]
    public void WorkerTime_OfThreeUsersWithWeights_IsSharedByWeightAndNotByJobs(
        int seed, int slots, int firstMs, int secondMs, int thirdMs)
    {
        var farm = new Farm(seed, slots);
        string[] users = ["three", "two", "one"];
        int[] meanMs = [firstMs, secondMs, thirdMs];
        for (var at = 0; at < users.Length; at++)
            farm.Add(users[at], weight: 3 - at, meanMs[at], jobs: 20_000 / meanMs[at] * slots);

        farm.RunFor(20_000);

        var total = users.Sum(farm.UsedMs);
        for (var at = 0; at < users.Length; at++)
        {
            farm.Queue.Queue.DescribeUser(users[at]).Waiting.Should().BePositive("all have work to the end");
            (farm.UsedMs(users[at]) / total).Should().BeApproximately((3 - at) / 6.0, (3 - at) / 60.0, users[at]);
        }
    }

    /// <summary>Runs longer than the debt that is allowed: what they last longer is charged while they do.</summary>
    [Theory]
    [InlineData(1, 4, 1_000)]
    [InlineData(2, 4, 3_000)]
    [InlineData(3, 8, 10_000)]
    public void WorkerTime_OfLongRunsBesideShortOnes_IsSharedAlike(int seed, int slots, int longMs)
    {
        var farm = new Farm(seed, slots);
        farm.Add("long", weight: 1, longMs, jobs: 2_000);
        farm.Add("short", weight: 1, meanMs: 20, jobs: 100_000);

        farm.RunFor(Math.Max(60_000, 10 * longMs));

        var (inLong, inShort) = (farm.UsedMs("long"), farm.UsedMs("short"));
        farm.Queue.Queue.DescribeUser("short").Waiting.Should().BePositive("both have work to the end");
        (inLong / (inLong + inShort)).Should().BeApproximately(0.5, 0.06);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 8)]
    public void SingleJob_BesideAHundredThousandSlowOnes_WaitsForOneRunASlotAtMost(int seed, int slots)
    {
        const int slowMs = 500;
        var farm = new Farm(seed, slots);
        farm.Add("greedy", 1, slowMs, jobs: 100_000);
        farm.RunFor(5_000);

        for (var at = 0; at < 100; at++)
        {
            farm.RunFor(farm.Random.Next(1, 1_000));
            var waitedMs = farm.RunOne("modest", 5);
            waitedMs.Should().BeLessThanOrEqualTo(slowMs * 3 / 2, "that is the longest run there is");
        }
        farm.Queue.Queue.DescribeUser("greedy").Waiting.Should().BePositive();
    }
}
