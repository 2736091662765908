using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Application.Scaler;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using MediatR;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Scaler;

/// <summary>The scaler's loop, ticked by hand, over a fleet and a queue that say what the test wants.</summary>
internal sealed class ScalerRig : IDisposable
{
    private static readonly QueueCounts Idle = new(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, Workers: 1, Capacity: 2, StoreAvailable: true, Slots: 2);

    private readonly HashSet<(Guid, long)> _known = [];

    public ScalerRig(ScriptedFleet? fleet, Action<ScalerOptions>? set = null)
    {
        Fleet = fleet ?? new ScriptedFleet();
        set?.Invoke(Options);
        var mediator = new Interceptor(null!)
            .On<GetBacklog>(_ => Answer<QueueCounts>(QueueTrouble, Counts))
            .On<RecordDecisions>(request => Answer(LogTrouble, Record(request)));
        Loop = new ScalerLoop(mediator, Microsoft.Extensions.Options.Options.Create(Options), new ScalerMetrics(Time, Measurements), Time,
            NullLogger<ScalerLoop>.Instance, fleet);
    }

    public ScalerOptions Options { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public Measurements Measurements { get; } = new();

    public ScriptedFleet Fleet { get; }

    public ScalerLoop Loop { get; }

    /// <summary>What the queue says.</summary>
    public QueueCounts Counts { get; set; } = Idle;

    /// <summary>What the queue answers instead; null when it is there.</summary>
    public Error? QueueTrouble { get; set; }

    /// <summary>What recording is answered instead, and nothing is recorded; null when it works.</summary>
    public Error? LogTrouble { get; set; }

    /// <summary>The log.</summary>
    public List<DecisionReport> Log { get; } = [];

    public DecisionReport Last => Log[^1];

    /// <summary>An interval passes, and a tick.</summary>
    public async Task TickAsync(int times = 1)
    {
        for (var tick = 0; tick < times; tick++)
        {
            Time.Advance(Options.Interval);
            await Loop.TickAsync(default);
        }
    }

    /// <summary>A tick that waits for a fleet which does not answer: time passes meanwhile, no more than it takes.</summary>
    public async Task TickSlowlyAsync()
    {
        Time.Advance(Options.Interval);
        var tick = Loop.TickAsync(default);
        await Eventually.HoldsAsync(() =>
        {
            if (!tick.IsCompleted) Time.Advance(TimeSpan.FromMilliseconds(50));
            return tick.IsCompleted;
        });
        await tick;
    }

    public void Dispose()
    {
        Loop.Dispose();
        Measurements.Dispose();
    }

    private StoredDecisions Record(RecordDecisions request)
    {
        if (LogTrouble is { Code: not ErrorCode.OutcomeUnknown }) return new StoredDecisions(0);
        var fresh = request.Decisions.Where(decision => _known.Add((request.Scaler, decision.Number))).ToList();
        Log.AddRange(fresh);
        return new StoredDecisions(fresh.Count);
    }

    private static Task<object?> Answer<T>(Error? trouble, T value) =>
        Task.FromResult<object?>(trouble is null ? (Result<T>)value : trouble);
}
