using System.Buffers.Binary;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Domain.Scaling;

namespace FaaS.Tests.Shared.Scaling;

/// <summary>What a simulation takes for granted.</summary>
internal sealed record SimulationSettings
{
    /// <summary>Jobs a worker runs at a time.</summary>
    public int SlotsPerWorker { get; init; } = 2;

    /// <summary>From asking for a worker to its first request for work; default 5 s.</summary>
    public long StartUpUs { get; init; } = 5_000_000;

    /// <summary>From a drained worker's last job to its process being gone; default 1 s.</summary>
    public long LeaveUs { get; init; } = 1_000_000;

    /// <summary>A group commit; default 4 ms.</summary>
    public long CommitUs { get; init; } = 4_000;
}

/// <summary>
/// A load, the real queue, a store that takes its time, workers that take theirs to start and to leave, and a policy that
/// is asked at its interval, all in virtual time. It is deterministic: a load, a rule and the settings are a result.
/// </summary>
internal sealed class ScalingSimulation : IQueueObserver
{
    private const long TickUs = 250_000;
    private const long PlotUs = 5_000_000;

    private readonly JobLoad _load;
    private readonly ScalingRuleUnderTest _rule;
    private readonly ScalingPolicy _policy;
    private readonly JobQueue _queue;
    private readonly FunctionBinding[] _bindings;
    private readonly List<SimulatedWorker> _workers = [];
    private readonly List<ScalingSample> _samples = [];
    private readonly List<ScalingDecision> _decisions = [];
    private readonly List<PlotPoint> _points = [];
    private readonly List<long> _waitsUs = [];
    private double _workerUs;
    private int _nextJob;
    private int _nextWorker;
    private bool _stepPlanned;

    private ScalingSimulation(JobLoad load, ScalingRuleUnderTest rule, SimulationSettings settings)
    {
        _load = load;
        _rule = rule;
        _policy = rule.Create();
        Settings = settings;
        _queue = new JobQueue(new QueueRules { AdoptionMs = 0 }, 1, 0, new LeaseSealer(new byte[LeaseSealer.KeySize]), 1, Clock.Now, this);
        _bindings = [.. Enumerable.Range(0, load.Functions).Select(at => new FunctionBinding(
            at + 1, at + 1, at + 1, $"u{at}", $"{at}", 1, new SourceHash($"{at}"), FunctionLimits.Default))];
    }

    public SimulationSettings Settings { get; }

    public SimulatedClock Clock { get; } = new();

    /// <summary>Runs a load under a rule, and then on until everything is done, an hour at most.</summary>
    public static SimulationReport Run(JobLoad load, ScalingRuleUnderTest rule, SimulationSettings? settings = null) =>
        new ScalingSimulation(load, rule, settings ?? new SimulationSettings()).Run();

    /// <summary>How long a job runs.</summary>
    public long ServiceUs(JobId id) => _load.Jobs[Index(id)].ServiceUs;

    /// <summary>Hands the queue an input; it has its turn when all of this instant have come.</summary>
    public void Give(Action<JobQueue> input)
    {
        input(_queue);
        if (_stepPlanned) return;
        _stepPlanned = true;
        Clock.After(0, Step);
    }

    /// <inheritdoc/>
    void IQueueObserver.Leased(JobId id, int attempt, long us)
    {
        if (Clock.NowUs - us >= _load.WarmUpSeconds * 1_000_000L) _waitsUs.Add(us);
    }

    /// <inheritdoc/>
    void IQueueObserver.Stored(JobId id, long us)
    {
    }

    /// <inheritdoc/>
    void IQueueObserver.Reported(JobId id, Outcome outcome, long us)
    {
    }

    /// <inheritdoc/>
    void IQueueObserver.Ended(JobEnd end, long us)
    {
    }

    /// <inheritdoc/>
    void IQueueObserver.Retried(JobRetry retry, long us)
    {
    }

    private SimulationReport Run()
    {
        var endUs = _load.Seconds * 1_000_000L;
        for (var at = 0; at < _rule.StartWorkers; at++) StartWorker(0);
        Clock.Every(TickUs, () => Give(queue => queue.Tick(Clock.Now)));
        Clock.Every((long)(_rule.IntervalSeconds * 1e6), Decide);
        Clock.Every(PlotUs, Plot);
        PlanSubmission();
        MeasureWorkers(endUs);
        Clock.RunUntil(endUs);
        var points = _points.Count;
        for (var left = 360; left > 0 && _queue.Counts().Terminal < _load.Jobs.Count; left--) Clock.RunUntil(Clock.NowUs + 10_000_000);
        var counts = _queue.Counts();
        return new SimulationReport(
            _load, _rule.Name, _waitsUs, _workerUs / 1e6, _points[..points], [.. _decisions.Where(it => it.At <= EndOf(endUs))],
            counts.IsConserved ? _load.Jobs.Count - counts.Terminal : -1);
    }

    private DateTimeOffset EndOf(long endUs) => Clock.Wall.AddMicroseconds(endUs - Clock.NowUs);

    /// <summary>A job's number is the end of its id.</summary>
    private static int Index(JobId id)
    {
        Span<byte> bytes = stackalloc byte[JobId.Size];
        id.Write(bytes);
        return BinaryPrimitives.ReadInt32BigEndian(bytes[^sizeof(int)..]) - 1;
    }

    private void PlanSubmission()
    {
        if (_nextJob == _load.Jobs.Count) return;
        Clock.At(_load.Jobs[_nextJob].AtUs, () =>
        {
            var job = _load.Jobs[_nextJob];
            var binding = _bindings[job.Function];
            var submission = new JobSubmission(
                new JobId(1, (uint)++_nextJob), binding.User, binding.Function, Body.Of([91, 93]), Clock.Now.WallMs);
            Give(queue => queue.Enqueue([submission], Nobody<IReadOnlyList<Domain.Error?>>.There, Clock.Now));
            PlanSubmission();
        });
    }

    private void Step()
    {
        _stepPlanned = false;
        _queue.Dispatch(Clock.Now);
        if (!_queue.TryTakeCommit(out var commit)) return;
        Clock.After(Settings.CommitUs, () => Give(queue => queue.CommitFinished(Store(commit), Clock.Now)));
    }

    private JobCommitted Store(JobCommit commit) => new(
        [.. commit.New.Select(row => new NewJobOutcome(
            WriteStatus.Stored, row.Sequence, _bindings[_load.Jobs[Index(row.Submission.Id)].Function], null))],
        [.. commit.Ended.Select(_ => WriteStatus.Stored)], [.. commit.Retried.Select(_ => WriteStatus.Stored)], []);

    private void Decide()
    {
        var present = _workers.Where(worker => worker is { IsGone: false, IsDraining: false }).ToList();
        var starting = present.Count(worker => !worker.IsReady);
        _samples.Add(ScalingSample.Of(_queue.Counts(), present.Count - starting, starting, Clock.Wall));
        _samples.RemoveAll(sample => Clock.Wall - sample.At > _policy.Memory);
        var decision = _policy.Decide(_samples, Clock.Wall);
        _decisions.Add(decision);
        if (decision.Target is not { } target) return;
        for (var missing = target - present.Count; missing > 0; missing--) StartWorker(Settings.StartUpUs);
        // Those still starting first, then idle ones, then the newest.
        foreach (var worker in present.OrderBy(worker => worker.IsReady).ThenByDescending(worker => worker.IsIdle)
                     .ThenByDescending(worker => worker.Number).Take(Math.Max(0, present.Count - target)))
            worker.Drain();
    }

    private void StartWorker(long afterUs)
    {
        _workers.RemoveAll(worker => worker.IsGone);
        var worker = new SimulatedWorker(++_nextWorker, this);
        _workers.Add(worker);
        Clock.After(afterUs, worker.Ready);
    }

    /// <summary>A worker costs from when it is asked for until it is gone.</summary>
    private void MeasureWorkers(long endUs)
    {
        const long everyUs = 100_000;
        Clock.Every(everyUs, () =>
        {
            if (Clock.NowUs > _load.WarmUpSeconds * 1_000_000L && Clock.NowUs <= endUs)
                _workerUs += everyUs * (double)_workers.Count(worker => !worker.IsGone);
        });
    }

    private void Plot() => _points.Add(new PlotPoint(
        Clock.NowUs / 1_000_000, _workers.Count(worker => worker is { IsGone: false, IsDraining: false }), _queue.Counts().Queued));
}
