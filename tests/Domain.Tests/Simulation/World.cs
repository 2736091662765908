using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Domain.Users;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>
/// Everything a seed decides: queues, store, workers, clients, network and faults under one virtual clock. Nothing in
/// it reads a clock, a thread or an unordered collection, so a seed is a run.
/// </summary>
internal sealed class World
{
    public const string MissingFunction = "missing";

    /// <summary>As many users as clients, named by their number.</summary>
    public const int Users = 4;

    /// <summary>A run that makes more of them goes in circles.</summary>
    private const long MaxEvents = 500_000;

    /// <summary>Every queue's: the key is the store's.</summary>
    public static LeaseSealer Sealer { get; } = new(new byte[LeaseSealer.KeySize]);

    private const long WallFromMs = 1_700_000_000_000;

    private readonly PriorityQueue<Action, (long AtMs, long Number)> _events = new();
    private readonly List<SimHost> _hosts = [];
    private readonly List<SimWorker> _workers = [];
    private readonly List<SimClient> _clients = [];
    private long _nextTerms;
    private long _nextEvent;
    private uint _nextId;
    private int _nextWorker;
    private long _wallSkewMs;

    public World(ulong seed, Plant plant = Plant.None, bool verbose = false)
    {
        Seed = seed;
        Plant = plant;
        Random = new SimRandom(seed);
        Log = new EventLog(verbose);
        Faults = new Faults(Random);
        Checker = new Checker(this);
        Store = new SimStore(this, plant);
        Net = new SimNetwork(this);
        Rules = new QueueRules { BackoffMs = 200, MaxBackoffMs = 3_000, CommitRows = Random.Pick([3, 16, 256]) };
    }

    public static IReadOnlyList<string> Functions { get; } =
        ["ok", "ok", "ok", "ok", "slow", "throws", "flaky", "flaky", "poison", "hangs", MissingFunction];

    public ulong Seed { get; }

    public Plant Plant { get; }

    public SimRandom Random { get; }

    public EventLog Log { get; }

    public Faults Faults { get; }

    public Checker Checker { get; }

    public SimStore Store { get; }

    public SimNetwork Net { get; }

    public QueueRules Rules { get; }

    public long NowMs { get; private set; }

    public long WallMs => WallFromMs + NowMs + _wallSkewMs;

    public void After(long ms, Action action) => _events.Enqueue(action, (NowMs + ms, _nextEvent++));

    public JobId NextId() => new(0x6553F10000000000UL + Seed, ++_nextId);

    public static FunctionBinding Bind(long generation, string user, string function)
    {
        var at = 0;
        while (Functions[at] != function) at++;
        var id = (generation * 100) + at;
        return new FunctionBinding(
            id, id, generation, user, function, 1, new SourceHash(function), FunctionLimits.Default);
    }

    /// <summary>The queue that answers under the queue's address: while there are two, mostly the newer.</summary>
    public SimHost? Route()
    {
        SimHost? found = null;
        foreach (var host in _hosts)
        {
            if (host.IsDead) continue;
            if (found is null || !Random.Chance(0.3)) found = host;
        }
        return found;
    }

    /// <summary>What a run of a job's function comes to, and how long it takes.</summary>
    public (AttemptEnd End, long Ms) RunFunction(LeasedJob job)
    {
        var ms = job.Binding.Function switch
        {
            "slow" => Random.Between(1_000, 15_000),
            "hangs" => Random.Between(2_000, 6_000),
            _ => Random.Between(1, 300),
        };
        var outcome = job.Binding.Function switch
        {
            "throws" => Outcome.UserError,
            "hangs" => Outcome.Timeout,
            "poison" => Outcome.Crashed,
            "flaky" when Random.Chance(Faults.Crashes) => Random.Pick([Outcome.Crashed, Outcome.PlatformError]),
            _ => Outcome.Success,
        };
        return (End(outcome, ms), ms);
    }

    public static AttemptEnd End(Outcome outcome, long ms) => outcome == Outcome.Success
        ? new AttemptEnd(outcome, ResultKind.Json, Body.Of([49]), null, Body.Empty, Usage(ms))
        : AttemptEnd.Of(outcome, new FunctionError("Error", "It failed."), Usage(ms));

    private static ResourceUsage Usage(long ms) => new(TimeSpan.FromMilliseconds(ms), TimeSpan.Zero, TimeSpan.Zero);

    public RunReport Run()
    {
        _hosts.Add(new SimHost(this));
        for (var at = 0; at < Faults.Workers; at++) _workers.Add(new SimWorker(this, ++_nextWorker));
        for (var at = 0; at < Users; at++) _clients.Add(new SimClient(this, at));
        Supervise();
        NextFault();
        RunUntil(Faults.ForMs);
        Heal();
        var deadlineMs = NowMs + (30 * 60_000);
        while (NowMs < deadlineMs && _nextEvent < MaxEvents && !(IsQuiet() && Checker.IsFinished())) RunUntil(NowMs + 1_000);
        if (!IsQuiet()) Checker.Fail("it did not come to rest");
        // Whoever is parked has to be answered when the queue drains; cancels and the like are answered by then.
        if (_hosts.Find(host => !host.IsDead) is not { } live)
        {
            Checker.Fail("there is no queue");
            return new RunReport { Seed = Seed, Failures = Checker.Failures };
        }
        foreach (var worker in _workers) worker.Die();
        RunUntil(NowMs + 30_000);
        live.Receive((queue, _) => queue.Drain());
        RunUntil(NowMs + 20_000);
        return Checker.Finish(live);
    }

    private bool IsQuiet() =>
        _clients.TrueForAll(client => client.Submitting == 0)
        && _hosts.Count(host => !host.IsDead) == 1
        && _hosts.TrueForAll(host => host.IsDead || (host.IsReady && host.Queue.Count == 0));

    private void RunUntil(long untilMs)
    {
        while (_events.TryPeek(out _, out var key) && key.AtMs <= untilMs && _nextEvent < MaxEvents)
        {
            var next = _events.Dequeue();
            NowMs = key.AtMs;
            next();
        }
        NowMs = untilMs;
    }

    /// <summary>Restarts what died: a queue after up to two seconds, workers under a new identity.</summary>
    private void Supervise()
    {
        if (_hosts.TrueForAll(host => host.IsDead)) _hosts.Add(new SimHost(this));
        _workers.RemoveAll(worker => worker.IsDead);
        if (_workers.Count < Faults.Workers) _workers.Add(new SimWorker(this, ++_nextWorker));
        After(Random.Between(100, 2_000), Supervise);
    }

    private void NextFault()
    {
        if (Faults.Over) return;
        if (Faults.Kinds.Count > 0) Strike(Random.Pick(Faults.Kinds));
        After(Random.Between(50, 2 * Faults.GapMs), NextFault);
    }

    /// <summary>No fault, but as unforeseen: a user's share and a function's concurrency change. Work goes on in any case.</summary>
    private void SetTerms(SimHost host)
    {
        var user = $"user{Random.Below(Users)}";
        var quotas = new Quotas { Weight = 1 + Random.Below(5), ConcurrentJobs = Random.Below(4) };
        var terms = new UserTerms(user, ++_nextTerms, quotas, null, null);
        var policy = new FunctionPolicy(_nextTerms, FunctionLimits.Default, Random.Below(3));
        var (generation, function) = (1 + Random.Below(6), Random.Below(Functions.Count));
        Log.Add(NowMs, Happening.Terms, _nextTerms, quotas.Weight, quotas.ConcurrentJobs);
        host.Receive((queue, now) =>
        {
            queue.AdoptTerms(terms, now);
            queue.AdoptPolicy(generation, (generation * 100) + function, policy);
        });
    }

    private void Strike(FaultKind kind)
    {
        var live = _hosts.FindAll(host => !host.IsDead);
        switch (kind)
        {
            case FaultKind.QueueCrash when live.Count > 0:
                Random.Pick(live).Crash();
                break;
            case FaultKind.QueueFreeze when live.Count > 0:
                Random.Pick(live).Freeze(Random.Between(500, 20_000));
                break;
            case FaultKind.SecondQueue when live.Count < 3:
                _hosts.Add(new SimHost(this));
                break;
            case FaultKind.StoreCrash:
                Store.Crash();
                break;
            case FaultKind.StoreRefuses:
                Store.Refuse(Random.Between(100, 5_000));
                break;
            case FaultKind.StoreCut:
                Store.Cut(Random.Between(100, 15_000));
                break;
            case FaultKind.WorkerDie when _workers.Count > 0:
                Random.Pick(_workers).Die();
                break;
            case FaultKind.WorkerPause when _workers.Count > 0:
                Random.Pick(_workers).Pause(Random.Between(500, 30_000));
                break;
            case FaultKind.WorkerLeave when _workers.Count > 0:
                Random.Pick(_workers).Leave();
                break;
            case FaultKind.ClockJump:
                _wallSkewMs += Random.Between(-3_000, 3_000);
                Log.Add(NowMs, Happening.Clock, _wallSkewMs);
                break;
            case FaultKind.NewTerms when live.Count > 0:
                SetTerms(Random.Pick(live));
                break;
            default:
                break;
        }
    }

    private void Heal()
    {
        Log.Add(NowMs, Happening.Heal);
        Faults.Stop();
        Store.Heal();
        foreach (var host in _hosts) host.Thaw();
        foreach (var worker in _workers) worker.Resume();
        // One queue stays, the platform pins it: the newest. An older one may go on for a moment.
        var live = _hosts.FindAll(host => !host.IsDead);
        for (var at = 0; at < live.Count - 1; at++) After(Random.Between(0, 5_000), live[at].Crash);
    }
}
