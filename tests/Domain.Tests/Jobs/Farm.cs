using FaaS.Domain.Jobs;
using FaaS.Domain.Users;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>Workers that run what they lease, one event at a time.</summary>
internal sealed class Farm
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

    /// <summary>Sets how long runs of a user's jobs take on average, and its weight.</summary>
    public void Set(string user, int meanMs, int weight = 1)
    {
        _users[user] = (meanMs, 0);
        Queue.Queue.AdoptTerms(new UserTerms(user, 1, new Quotas { Weight = weight }, null, null), Queue.Now);
    }

    /// <summary>When a job started; null when it has not.</summary>
    public long? StartedMs(JobId id) => _started.TryGetValue(id, out var atMs) ? atMs : null;

    /// <summary>When each job that has started did.</summary>
    public IReadOnlyCollection<long> Starts() => _started.Values;

    /// <summary>Hands out what may be had now.</summary>
    public void Dispatch() => Lease();

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
