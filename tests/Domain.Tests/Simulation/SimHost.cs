using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>
/// A queue's process: starts by taking an epoch and reading what is unfinished, then drives the core as its loop does.
/// A crash loses everything in it. It can stand still, and it can live on beside a successor.
/// </summary>
internal sealed class SimHost
{
    private const int PageSize = 16;
    private const long CommitTimeoutMs = 2_000;

    private readonly List<Action<JobQueue, QueueTime>> _inbox = [];
    private readonly SortedDictionary<string, int> _owed = new(StringComparer.Ordinal);
    private readonly StoreLink _store = new();
    private readonly long _startedAtMs;
    private readonly long _tickMs;
    private readonly long _monotonicFrom;
    private JobQueue? _queue;
    private bool _frozen;
    private long _commitNotBeforeMs;
    private int _commitFailures;
    private long _upkeepAfter;

    public SimHost(World world)
    {
        World = world;
        _startedAtMs = world.NowMs;
        _monotonicFrom = world.Random.Between(0, 1_000_000);
        _tickMs = world.Random.Pick([20L, 50L, 100L, 200L]);
        world.Log.Add(world.NowMs, Happening.QueueStart);
        TakeEpoch();
    }

    public World World { get; }

    public bool IsDead { get; private set; }

    public bool IsReady { get; private set; }

    public bool IsFrozen => _frozen;

    public long Epoch { get; private set; }

    public JobQueue Queue => _queue!;

    /// <summary>Jobs whose last row is in the commit under way.</summary>
    public HashSet<JobId> Committing { get; } = [];

    /// <summary>The last grant of each job by this queue, and to whom.</summary>
    public Dictionary<JobId, (LeaseToken Token, Guid Worker)> Granted { get; } = [];

    /// <summary>Earlier queues' leases that this queue's workers have claimed.</summary>
    public Dictionary<JobId, LeaseToken> Adopted { get; } = [];

    public QueueTime Now => new(World.WallMs, _monotonicFrom + World.NowMs - _startedAtMs);

    /// <summary>Hands a worker's list over and sees which earlier queues' leases are adopted by that.</summary>
    public void Claim(JobQueue queue, HeldLease[] listed, Action hand)
    {
        var claims = listed.Where(held => held.Token.Epoch < Epoch && MayClaim(held.Job, held.Token)).ToArray();
        hand();
        foreach (var held in claims)
            if (queue.Describe(held.Job).State == JobState.Running) Adopted[held.Job] = held.Token;
    }

    /// <summary>Whether an earlier queue's lease may be taken over: its job waits, or is claimed under an older one.</summary>
    public bool MayClaim(JobId job, LeaseToken token) =>
        Queue.Describe(job) is { Known: true, State: JobState.Queued }
        || (Adopted.TryGetValue(job, out var claimed) && claimed <= token);

    public long Until(long forMs) => Now.MonotonicMs + forMs;

    public void Owe(string what, int count) => _owed[what] = _owed.GetValueOrDefault(what) + count;

    public string Owed => string.Join(", ", _owed.Where(pair => pair.Value != 0).Select(pair => $"{pair.Key} {pair.Value}"));

    public void Receive(Action<JobQueue, QueueTime> input)
    {
        if (IsDead) return;
        if (_frozen)
        {
            _inbox.Add(input);
            return;
        }
        Step(input);
    }

    public void Crash()
    {
        if (IsDead) return;
        World.Log.Add(World.NowMs, Happening.QueueCrash, Epoch);
        IsDead = true;
        IsReady = false;
        if (_queue is not null) World.Checker.QueueDied(_queue.Counts());
    }

    public void Freeze(long forMs)
    {
        if (_frozen || IsDead) return;
        World.Log.Add(World.NowMs, Happening.QueueFreeze, Epoch, forMs);
        _frozen = true;
        World.After(forMs, Thaw);
    }

    public void Thaw()
    {
        if (!_frozen) return;
        _frozen = false;
        if (IsDead) return;
        var waiting = _inbox.ToArray();
        _inbox.Clear();
        // Which comes first after a standstill, the tick or the inbox, is chance.
        if (IsReady && World.Random.Chance(0.5)) Step((queue, now) => queue.Tick(now));
        foreach (var input in waiting) Receive(input);
    }

    private void Step(Action<JobQueue, QueueTime> input)
    {
        if (_queue is null || IsDead) return;
        var now = Now;
        input(_queue, now);
        _queue.Dispatch(now);
        World.Checker.Conserved(_queue.Counts());
        if (IsReady && !_queue.Fenced) World.Checker.Accounted(_queue);
        if (_queue.Fenced)
        {
            if (IsReady) Stop();
            return;
        }
        if (IsReady && now.MonotonicMs >= _commitNotBeforeMs && _queue.TryTakeCommit(out var commit)) Carry(commit);
    }

    /// <summary>A fenced queue's process goes away soon, but not at once.</summary>
    private void Stop()
    {
        IsReady = false;
        World.Log.Add(World.NowMs, Happening.Fenced, Epoch);
        if (_owed.Any(pair => pair.Value != 0)) World.Checker.Fail($"a fenced queue owes {Owed}");
        World.After(World.Random.Between(0, 500), Crash);
    }

    private void Carry(JobCommit commit)
    {
        Committing.UnionWith(commit.Ended.Select(row => row.Id));
        Committing.UnionWith(commit.Retried.Select(row => row.Id));
        World.Log.Add(World.NowMs, Happening.Commit, Epoch, commit.New.Count, commit.Ended.Count + commit.Retried.Count);
        var open = true;
        void Finished(Result<JobCommitted> answer)
        {
            if (!open) return;
            open = false;
            Receive((queue, now) => Finish(queue, answer, now));
        }

        World.Store.Ask(_store, new StoreRecord.Commit(commit), answer => Finished((Result<JobCommitted>)answer));
        World.After(CommitTimeoutMs, () => Finished(new Error(ErrorCode.OutcomeUnknown, "No answer in time.")));
    }

    private void Finish(JobQueue queue, Result<JobCommitted> answer, QueueTime now)
    {
        World.Log.Add(World.NowMs, Happening.CommitAnswer, Epoch, answer.IsOk ? -1 : (long)answer.Error.Code);
        if (answer.IsOk)
        {
            _commitFailures = 0;
            Committing.Clear();
        }
        else
        {
            var pauseMs = Math.Min(2_000, 25 << Math.Min(_commitFailures++, 7));
            _commitNotBeforeMs = now.MonotonicMs + pauseMs;
            if (answer.Error.Code == ErrorCode.NotDurable) Committing.Clear();
        }
        queue.CommitFinished(answer, now);
    }

    private void TakeEpoch() => AskStore<long>(
        answered => World.Store.Ask(_store, new StoreRecord.TakeEpoch(), answer => answered((long)answer)),
        epoch =>
        {
            Epoch = epoch;
            AskStore<long>(answered => World.Store.Read(_store, state => state.LastSequence, answered), last =>
            {
                _queue = new JobQueue(World.Rules, epoch, last, World.Sealer, World.Random.Next(), Now);
                Load(0);
            });
        });

    private void Load(long after) => AskStore<IReadOnlyList<UnfinishedJob>>(
        answered => World.Store.Read(_store, state => state.LoadUnfinished(after, PageSize), answered), page =>
        {
            foreach (var job in page) _queue!.Restore(job, Now);
            if (page.Count == PageSize)
            {
                Load(page[^1].Sequence);
                return;
            }
            World.Log.Add(World.NowMs, Happening.QueueReady, Epoch, _queue!.Count);
            IsReady = true;
            Tick();
            Upkeep();
        });

    /// <summary>Asks until there is an answer, as a queue that starts does.</summary>
    private void AskStore<T>(Action<Action<T>> ask, Action<T> then)
    {
        if (IsDead) return;
        var open = true;
        ask(answer =>
        {
            if (!open) return;
            open = false;
            if (!IsDead) then(answer);
        });
        World.After(3_000, () =>
        {
            if (!open) return;
            open = false;
            AskStore(ask, then);
        });
    }

    private void Tick()
    {
        if (IsDead) return;
        if (!_frozen) Step((queue, now) => queue.Tick(now));
        World.After(_tickMs, Tick);
    }

    /// <summary>What the queue asks Db each minute, here more often.</summary>
    private void Upkeep()
    {
        if (IsDead) return;
        World.Store.Read(_store, state => state.ListClosedWithJobs(), closed => Receive((queue, _) =>
        {
            foreach (var generation in closed) queue.CloseOwner(generation);
        }));
        World.Store.Read(_store, state => state.LoadUnfinished(_upkeepAfter, PageSize), page => Receive((queue, _) =>
        {
            _upkeepAfter = page.Count == PageSize ? page[^1].Sequence : 0;
            foreach (var stranger in page.Where(job => !queue.Holds(job.Id))) Adopt(stranger);
        }));
        World.After(World.Random.Between(5_000, 15_000), Upkeep);
    }

    private void Adopt(UnfinishedJob stranger) => World.Store.Read(
        _store, state => state.LoadUnfinished(stranger.Sequence - 1, 1), again =>
        {
            if (again.Count > 0 && again[0].Id == stranger.Id) Receive((queue, now) => queue.Restore(again[0], now));
        });
}
