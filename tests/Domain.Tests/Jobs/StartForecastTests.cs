using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>Places and estimated starts against what comes of them, on simulated load.</summary>
public sealed class StartForecastTests(ITestOutputHelper output)
{
    /// <summary>Waits below this are compared with it: nobody minds that 2 ms were estimated as 4.</summary>
    private const double LeastMs = 100;

    /// <summary>
    /// Users with functions of different lengths and weights submit bursts at random, so that there is more than the workers do at
    /// once about half of the time. Each job is asked for when it comes. Nothing of what comes later is known to the estimate.
    /// </summary>
    [Theory]
    [InlineData(1, 1, 2)]
    [InlineData(2, 4, 3)]
    [InlineData(3, 4, 6)]
    [InlineData(4, 16, 5)]
    [InlineData(5, 8, 12)]
    [InlineData(6, 32, 20)]
    public void Estimate_OnLoadOfManyUsers_IsNearTheStart_InTheMedian(int seed, int slots, int users)
    {
        var (waits, places) = Run(seed, slots, users);

        var errors = waits.ConvertAll(wait => Math.Abs(wait.EstimatedMs - wait.ActualMs) / Math.Max(LeastMs, wait.ActualMs));
        var off = places.ConvertAll(place => (double)Math.Abs(place.Said - place.Was) / Math.Max(10, place.Was));
        output.WriteLine(
            $"{waits.Count} jobs, median wait {Quantile(waits.ConvertAll(wait => wait.ActualMs), 0.5):0} ms; error of the start: median "
            + $"{Quantile(errors, 0.5):P0}, 90th percentile {Quantile(errors, 0.9):P0}; of the place: {Quantile(off, 0.5):P0}, {Quantile(off, 0.9):P0}");
        waits.Should().HaveCountGreaterThan(1_000);
        Quantile(errors, 0.5).Should().BeLessThan(0.25);
        Quantile(off, 0.5).Should().BeLessThan(0.25);
    }

    /// <summary>What is there already, and nothing else: then the estimate is nearly right.</summary>
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 4, 1)]
    [InlineData(3, 4, 4)]
    [InlineData(4, 8, 10)]
    public void Estimate_WhenNothingElseComes_IsRightWithinATenth(int seed, int slots, int users)
    {
        var farm = new Farm(seed, slots);
        var ids = new List<JobId>();
        for (var user = 0; user < users; user++) farm.Set($"u{user}", 10 + (user * 20), weight: 1 + (user % 3));
        for (var at = 0; at < 40 * users; at++) farm.Queue.Submit($"u{at % users}");
        farm.RunFor(1_000_000);
        for (var at = 0; at < 600; at++) ids.Add(farm.Queue.Submit($"u{at % users}"));
        farm.Dispatch();
        var sinceMs = farm.Queue.NowMs;
        var said = farm.Queue.Queue.Describe(ids);

        farm.RunFor(100_000_000);

        var errors = new List<double>();
        for (var at = 0; at < ids.Count; at++)
        {
            if (said[at].State != JobState.Queued) continue;
            var actual = farm.StartedMs(ids[at])!.Value - sinceMs;
            errors.Add(Math.Abs(said[at].EstimatedWait!.Value.TotalMilliseconds - actual) / Math.Max(LeastMs, actual));
        }
        output.WriteLine($"{errors.Count} jobs: median {Quantile(errors, 0.5):P1}, 90th percentile {Quantile(errors, 0.9):P1}");
        Quantile(errors, 0.5).Should().BeLessThan(0.1);
        Quantile(errors, 0.9).Should().BeLessThan(0.25);
    }

    [Fact]
    public void Place_IsAmongAllUsersJobs_ByFairShareAndNotByArrival()
    {
        var queue = new QueueHarness { ChecksEachStep = false };
        var greedy = queue.SubmitMany(100, "greedy");
        var modest = queue.Submit("modest");

        queue.Queue.Describe(modest).Position.Should().BeInRange(1, 3, "it need not stand behind all that came before");
        queue.Queue.Describe(greedy[^1]).Position.Should().Be(101, "the other's one job comes before");
        queue.Queue.Describe(greedy[0]).EstimatedWait.Should().BeNull("there is no worker, and nothing was ever measured");
    }

    /// <summary>A request for it must not hold up the queue's loop, however many jobs there are.</summary>
    [Fact]
    public void Describe_BesideFiftyThousandJobsOfManyUsers_LooksAtFewOfThem()
    {
        var queue = new QueueHarness { ChecksEachStep = false };
        var last = new JobId();
        for (var batch = 0; batch < 200; batch++)
        {
            JobSubmission[] some = [.. Enumerable.Range(0, 250).Select(at => queue.Submission($"u{at % 500}"))];
            last = some[^1].Id;
            _ = queue.Enqueue(some);
            queue.Commit();
        }
        queue.Queue.Describe(last);

        var before = GC.GetAllocatedBytesForCurrentThread();
        queue.Queue.Describe(last).Position.Should().BeGreaterThan(1_000);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(256 << 10, "50,000 jobs wait");
    }

    private static (List<(double EstimatedMs, double ActualMs)> Waits, List<(int Said, int Was)> Places) Run(int seed, int slots, int users)
    {
        var farm = new Farm(seed, slots);
        var random = new Random(seed);
        int[] meanMs = [.. Enumerable.Range(0, users).Select(_ => random.Next(3) switch { 0 => 5, 1 => 40, _ => 200 })];
        for (var user = 0; user < users; user++) farm.Set($"u{user}", meanMs[user], weight: 1 + random.Next(3));
        var said = new List<(JobId Id, long AtMs, JobStanding Standing)>();
        for (var burst = 0; burst < 200; burst++)
        {
            var user = random.Next(users);
            var count = 1 + random.Next(2_000 * slots / meanMs[user] / 4);
            for (var at = 0; at < Math.Min(count, 200); at++)
            {
                var id = farm.Queue.Submit($"u{user}");
                farm.Dispatch();
                if (at % 7 == 0) said.Add((id, farm.Queue.NowMs, farm.Queue.Queue.Describe(id)));
            }
            // On average what a burst of this length needs, so that there is a backlog about half of the time.
            var needsMs = (double)Math.Min(count, 200) * meanMs[user] / slots;
            farm.RunFor((long)(needsMs * 2 * random.NextDouble()));
        }
        farm.RunFor(100_000_000);
        return Compare(farm, [.. said.Skip(50).Where(one => one.Standing.State == JobState.Queued)]);
    }

    private static (List<(double EstimatedMs, double ActualMs)> Waits, List<(int Said, int Was)> Places) Compare(
        Farm farm, List<(JobId Id, long AtMs, JobStanding Standing)> said)
    {
        var starts = farm.Starts();
        var (waits, places) = (new List<(double, double)>(), new List<(int, int)>());
        foreach (var (id, atMs, standing) in said)
        {
            var startedMs = farm.StartedMs(id)!.Value;
            waits.Add((standing.EstimatedWait!.Value.TotalMilliseconds, startedMs - atMs));
            places.Add((standing.Position, starts.Count(start => start > atMs && start <= startedMs)));
        }
        return (waits, places);
    }

    private static double Quantile(List<double> values, double part)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * part))];
    }
}
