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

    /// <summary>Workers that run what they lease, one event at a time.</summary>
    private sealed class Farm
    {
        private readonly Guid _worker;
        private readonly int _slots;
        private readonly Dictionary<string, (int MeanMs, long UsedMs)> _users = [];
        private readonly PriorityQueue<(LeasedJob Job, long Ms), long> _ends = new();
        private readonly List<LeasedJob> _running = [];
        private readonly Dictionary<JobId, long> _started = [];

        public Farm(int seed, int slots)
        {
            Random = new Random(seed);
            _slots = slots;
            _worker = Queue.NewWorker();
        }

        public Random Random { get; }

        public QueueHarness Queue { get; } = new(new QueueRules { AdoptionMs = 0 }) { ChecksEachStep = false };

        public double UsedMs(string user) => _users[user].UsedMs;

        public void Add(string user, int weight, int meanMs, int jobs)
        {
            _users[user] = (meanMs, 0);
            Queue.Queue.AdoptTerms(new UserTerms(user, 1, new Quotas { Weight = weight }, null, null), Queue.Now);
            while (jobs > 0)
            {
                var some = Math.Min(jobs, 256);
                _ = Queue.Enqueue([.. Enumerable.Range(0, some).Select(_ => Queue.Submission(user))]);
                Queue.Commit();
                jobs -= some;
            }
        }

        /// <summary>Submits one job, and runs until it starts; how long that took.</summary>
        public long RunOne(string user, int meanMs)
        {
            _users.TryAdd(user, (meanMs, 0));
            var since = Queue.NowMs;
            var id = Queue.Submit(user);
            while (!_started.ContainsKey(id)) Step(long.MaxValue);
            return _started[id] - since;
        }

        public void RunFor(long ms)
        {
            var untilMs = Queue.NowMs + ms;
            while (Step(untilMs))
            {
            }
        }

        /// <summary>Takes what may be had, then lets the next run end; false when that is later.</summary>
        private bool Step(long untilMs)
        {
            Lease();
            if (!_ends.TryPeek(out var next, out var atMs) || atMs > untilMs)
            {
                Queue.Jump(Math.Max(0, Math.Min(untilMs, Queue.NowMs + 1_000) - Queue.NowMs));
                Queue.Tick();
                return Queue.NowMs < untilMs && _ends.Count == 0;
            }
            _ends.Dequeue();
            Queue.Jump(Math.Max(0, atMs - Queue.NowMs));
            Queue.Tick();
            _running.Remove(next.Job);
            var user = next.Job.Binding.User;
            _users[user] = _users[user] with { UsedMs = _users[user].UsedMs + next.Ms };
            Queue.Complete(_worker, next.Job, ms: next.Ms);
            return true;
        }

        private void Lease()
        {
            if (_running.Count >= _slots) return;
            var answer = Queue.Ask(
                _worker, _slots - _running.Count, _slots, _slots, held: [.. _running.Select(job => QueueHarness.Held(job))]);
            if (!answer.IsThere) return;
            foreach (var job in answer.Value.Jobs)
            {
                // Between half and one and a half of the mean.
                var mean = _users[job.Binding.User].MeanMs;
                var ms = Math.Max(1, (mean / 2) + Random.Next(mean + 1));
                _running.Add(job);
                _started[job.Job] = Queue.NowMs;
                _ends.Enqueue((job, ms), Queue.NowMs + ms);
            }
        }
    }
}
