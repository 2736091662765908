using FaaS.Application.Scaler;

namespace FaaS.Application.Tests.Scaler;

/// <summary>A fleet whose workers run at once, unless it is told to start them slowly, to fail, or to hang.</summary>
internal sealed class ScriptedFleet : IWorkerFleet
{
    private readonly List<string> _workers = [];
    private int _named;

    public string Name => "scripted";

    /// <summary>What it was asked for, in words.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Workers that have not said they are ready.</summary>
    public int Starting { get; set; }

    /// <summary>Whether new workers start slowly.</summary>
    public bool StartsSlowly { get; set; }

    /// <summary>What it answers instead of doing anything; null when it does.</summary>
    public FleetAnswer? Failure { get; set; }

    /// <summary>The same, but only for changes: it can be looked at all the same.</summary>
    public FleetAnswer? FailsChanges { get; set; }

    /// <summary>What it throws, against its contract.</summary>
    public Exception? Error { get; set; }

    /// <summary>What every change waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public Task<FleetAnswer> CurrentAsync(CancellationToken cancellationToken) => DoAsync("current", () => { }, cancellationToken);

    public Task<FleetAnswer> ScaleToAsync(int workers, CancellationToken cancellationToken) => DoAsync($"scale {workers}", () =>
    {
        while (_workers.Count < workers)
        {
            _workers.Insert(0, $"w{++_named}");
            if (StartsSlowly) Starting++;
        }
        _workers.RemoveRange(0, Math.Max(0, _workers.Count - workers));
    }, cancellationToken);

    public Task<FleetAnswer> DrainAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) =>
        DoAsync($"drain {string.Join(' ', names)}", () => _workers.RemoveAll(names.Contains), cancellationToken);

    /// <summary>Workers that are there before anybody asks.</summary>
    public ScriptedFleet With(int workers)
    {
        while (_workers.Count < workers) _workers.Insert(0, $"w{++_named}");
        return this;
    }

    private async Task<FleetAnswer> DoAsync(string asked, Action work, CancellationToken cancellationToken)
    {
        if (asked != "current")
        {
            Asked.Add(asked);
            await Gate.WaitAsync(cancellationToken);
        }
        if (Error is not null) throw Error;
        if (Failure is not null) return Failure;
        if (asked != "current" && FailsChanges is not null) return FailsChanges;
        work();
        return FleetAnswer.Done(new FleetWorkers(_workers.Count - Starting, Starting, 0, [.. _workers]));
    }
}
