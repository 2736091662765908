using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>A connection to the store: what is sent over it may vanish or come late, but never overtakes.</summary>
internal sealed class StoreLink
{
    public long LastArrivalMs { get; set; }
}

/// <summary>
/// The store's process and its disk: what is applied is durable only when a sync that began later has ended. A crash
/// keeps the synced part of the log and any prefix of the rest.
/// </summary>
internal sealed class SimStore(World world, Plant plant)
{
    private readonly List<StoreRecord> _log = [];
    private int _synced;
    private int _life;
    private bool _down;
    private long _refusesUntilMs;
    private bool _cut;

    public StoreState State { get; private set; } = new(plant);

    /// <summary>Asks the store through a network that loses and delays; the answer may never come.</summary>
    public void Ask(StoreLink link, StoreRecord record, Action<object> answered) => Send(link, () =>
    {
        if (record is StoreRecord.Commit && world.NowMs < _refusesUntilMs)
        {
            if (plant == Plant.LiesAboutRefusing) Write(record);
            Result<JobCommitted> refusal = new Error(ErrorCode.NotDurable, "The disk is full.");
            Answer(refusal, answered);
            return;
        }
        var answer = Write(record);
        if (plant == Plant.AcknowledgesEarly) Answer(answer, answered);
        else AfterSync(() => Answer(answer, answered));
    });

    /// <summary>Reads what is durable, in the same way.</summary>
    public void Read<T>(StoreLink link, Func<StoreState, T> read, Action<T> answered) => Send(link, () =>
    {
        var answer = read(State);
        AfterSync(() => Answer(answer!, value => answered((T)value)));
    });

    public void Crash()
    {
        if (_down) return;
        _down = true;
        _life++;
        var kept = _synced + world.Random.Below(_log.Count - _synced + 1);
        world.Log.Add(world.NowMs, Happening.StoreCrash, _log.Count, kept);
        _log.RemoveRange(kept, _log.Count - kept);
        var state = new StoreState(plant);
        foreach (var record in _log) state.Apply(record);
        _synced = _log.Count;
        State = state;
        world.Checker.StoreRecovered(state);
        world.After(world.Random.Between(50, 4_000), Restart);
    }

    public void Refuse(long forMs)
    {
        world.Log.Add(world.NowMs, Happening.StoreRefuses, forMs);
        _refusesUntilMs = world.NowMs + forMs;
    }

    public void Cut(long forMs)
    {
        world.Log.Add(world.NowMs, Happening.Cut, forMs);
        _cut = true;
        world.After(forMs, () => _cut = false);
    }

    public void Heal()
    {
        _cut = false;
        _refusesUntilMs = 0;
        if (_down) Restart();
    }

    private void Restart()
    {
        if (!_down) return;
        _down = false;
        world.Log.Add(world.NowMs, Happening.StoreBack);
    }

    private object Write(StoreRecord record)
    {
        if (record is StoreRecord.Commit commit) world.Checker.Committing(commit.Rows, State);
        var answer = State.Apply(record);
        _log.Add(record);
        if (record is StoreRecord.Commit { Rows: { } rows } && ((Result<JobCommitted>)answer).IsOk)
        {
            world.Checker.Committed(rows, State);
            AfterSync(() => world.Checker.Durable(rows, State));
        }
        return answer;
    }

    private void AfterSync(Action action)
    {
        var life = _life;
        var position = _log.Count;
        var slow = world.Random.Chance(world.Faults.StoreSlow);
        var takesMs = slow ? world.Random.Between(100, 6_000) : 1;
        // Chance alone rarely crashes it while something is on its way to the disk.
        if (slow && world.Faults.Kinds.Contains(FaultKind.StoreCrash) && world.Random.Chance(0.05))
            world.After(world.Random.Between(1, takesMs), Crash);
        world.After(takesMs, () =>
        {
            if (life != _life) return;
            _synced = Math.Max(_synced, position);
            action();
        });
    }

    private void Send(StoreLink link, Action request)
    {
        if (IsLost()) return;
        link.LastArrivalMs = Math.Max(link.LastArrivalMs, world.NowMs + DelayMs());
        world.After(link.LastArrivalMs - world.NowMs, () =>
        {
            if (!_down && !_cut) request();
        });
    }

    private void Answer(object answer, Action<object> answered)
    {
        if (IsLost()) return;
        world.After(DelayMs(), () => answered(answer));
    }

    private bool IsLost() => _cut || world.Random.Chance(world.Faults.StoreLoss);

    private long DelayMs() => world.Random.Chance(world.Faults.StoreSlow) ? world.Random.Between(10, 5_000) : 0;
}
