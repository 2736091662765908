using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>
/// A worker: leases more than it runs, runs in order, reports until it is answered, renews what it holds, gives back
/// what does not start. It may stand still beyond its leases and go on as if nothing had happened, or vanish.
/// </summary>
internal sealed class SimWorker
{
    private readonly World _world;
    private readonly int _slots;
    private readonly int _total;
    private readonly List<Held> _held = [];
    private readonly List<Action> _paused = [];
    private bool _isPaused;
    private bool _asking;
    private bool _leaving;

    public SimWorker(World world, int number)
    {
        _world = world;
        Number = number;
        Id = new Guid(number, 0, 0, new byte[8]);
        _slots = 1 + world.Random.Below(4);
        _total = _slots + world.Random.Below(4);
        world.Log.Add(world.NowMs, Happening.WorkerStart, number, _slots, _total);
        Ask();
        Renew();
        Watch();
    }

    public Guid Id { get; }

    public int Number { get; }

    public bool IsDead { get; private set; }

    private HeldLease[] Listed => [.. _held.Select(held => new HeldLease(held.Job.Job, held.Job.Token, held.Started))];

    public void Die()
    {
        _world.Log.Add(_world.NowMs, Happening.WorkerDie, Number);
        IsDead = true;
        _world.After(_world.Random.Between(0, 4_000), Disconnect);
    }

    /// <summary>The queue's transport notices that the worker's connection is gone, rightly or not.</summary>
    public void Disconnect() => _world.Net.Call<int>("disconnected", (_, queue, reply, now) =>
    {
        queue.Disconnected(Id, now);
        reply.Reply(0);
    }, _ => { }, 1_000);

    public void Pause(long forMs)
    {
        if (_isPaused || IsDead) return;
        _world.Log.Add(_world.NowMs, Happening.WorkerPause, Number, forMs);
        _isPaused = true;
        if (_world.Random.Chance(0.5)) Disconnect();
        _world.After(forMs, Resume);
    }

    public void Resume()
    {
        if (!_isPaused) return;
        _isPaused = false;
        var waiting = _paused.ToArray();
        _paused.Clear();
        foreach (var action in waiting) Act(action);
    }

    /// <summary>Drains: unstarted jobs go back, running ones are finished, then it is gone.</summary>
    public void Leave() => Act(() =>
    {
        if (_leaving) return;
        _world.Log.Add(_world.NowMs, Happening.WorkerLeave, Number);
        _leaving = true;
        // Without what runs: a leaving worker that says so gives everything back, so it says so when it has finished.
        GiveBack([.. _held.Where(held => !held.Started)]);
        Gone();
    });

    private void Gone()
    {
        if (_held.Count > 0)
        {
            After(50, Gone);
            return;
        }
        _world.Net.Call<int>("abandon", (_, queue, reply, now) => queue.Abandon(Id, [], true, reply, now),
            _ => Act(() => IsDead = true), 1_000);
    }

    private void Act(Action action)
    {
        if (IsDead) return;
        if (_isPaused) _paused.Add(action);
        else action();
    }

    private void After(long ms, Action action) => _world.After(ms, () => Act(action));

    private void Ask()
    {
        var free = _total - _held.Count;
        if (_asking || _leaving || free <= 0) return;
        _asking = true;
        var waitMs = _world.Random.Between(1_000, 20_000);
        var listed = Listed;
        _world.Net.Call<LeaseGrant>("lease",
            (host, queue, reply, now) => host.Claim(queue, listed, () => queue.LeaseJobs(
                Id, _slots, _total, free, host.Until(waitMs), listed, Hand(host, reply), now)),
            answer => Act(() => Granted(answer)), waitMs + 3_000);
    }

    private Watched<LeaseGrant> Hand(SimHost host, IReply<LeaseGrant> reply) => new(reply, answer =>
    {
        if (answer.IsOk) _world.Checker.Granting(host, Id, answer.Value);
    });

    private void Granted(Result<LeaseGrant>? answer)
    {
        _asking = false;
        if (answer is not { IsOk: true } grant)
        {
            After(_world.Random.Between(50, 500), Ask);
            return;
        }
        Drop(grant.Value.Lost);
        foreach (var job in grant.Value.Jobs) Take(job);
        if (_world.Plant == Plant.GrantsTwice && grant.Value.Jobs.Count > 0 && _world.Random.Chance(0.2))
            _world.Checker.Executing(grant.Value.Jobs[0].Job, grant.Value.Jobs[0].Token);
        if (grant.Value.Jobs.Count > 0) Ask();
        else After(_world.Random.Between(1, 100), Ask);
    }

    private void Take(LeasedJob job)
    {
        var held = new Held(job);
        _held.Add(held);
        StartNext();
        if (held.Started) return;
        After(_world.Random.Between(20, 400), () =>
        {
            if (_held.Contains(held) && !held.Started) GiveBack([held]);
        });
    }

    private void StartNext()
    {
        while (_held.Count(held => held is { Started: true, End: null }) < _slots)
        {
            if (_held.Find(held => !held.Started) is not { } next) return;
            next.Started = true;
            _world.Checker.Executing(next.Job.Job, next.Job.Token);
            var (end, ms) = _world.RunFunction(next.Job);
            After(ms, () => Finish(next, end));
        }
    }

    private void Finish(Held held, AttemptEnd end)
    {
        if (held.End is not null || !_held.Contains(held)) return;
        held.End = end;
        Report();
        StartNext();
    }

    private void Report()
    {
        var ready = _held.Where(held => held is { End: not null, Reporting: false }).Take(8).ToArray();
        if (ready.Length == 0) return;
        foreach (var held in ready) held.Reporting = true;
        AttemptReport[] reports = [.. ready.Select(held => new AttemptReport(held.Job.Job, held.Job.Token, held.End!))];
        _world.Net.Call<IReadOnlyList<LeaseToken>>("complete",
            (host, queue, reply, now) => Deliver(host, queue, reports, reply, now),
            answer => Act(() => Reported(ready, answer)), 4_000);
    }

    private void Deliver(
        SimHost host, JobQueue queue, AttemptReport[] reports, IReply<IReadOnlyList<LeaseToken>> reply, QueueTime now)
    {
        var current = reports.Select(report => Checker.IsCurrent(host, Id, report)).ToArray();
        var watched = new Watched<IReadOnlyList<LeaseToken>>(reply, answer =>
        {
            if (!answer.IsOk) return;
            for (var at = 0; at < reports.Length; at++)
            {
                if (answer.Value.Contains(reports[at].Token)) _world.Checker.Stale(reports[at]);
                else _world.Checker.Accepted(reports[at], current[at]);
            }
        });
        if (_world.Plant == Plant.AcceptsStale && reports.Length == 1 && !current[0]
            && host.Granted.TryGetValue(reports[0].Job, out var last))
            queue.Complete(last.Worker, [reports[0] with { Token = last.Token }], watched, now);
        else queue.Complete(Id, reports, watched, now);
    }

    private void Reported(Held[] reported, Result<IReadOnlyList<LeaseToken>>? answer)
    {
        if (answer is { IsOk: true }) _held.RemoveAll(reported.Contains);
        foreach (var held in reported) held.Reporting = false;
        if (answer is { IsOk: true }) Ask();
        After(answer is { IsOk: true } ? 1 : _world.Random.Between(50, 500), Report);
    }

    private void GiveBack(Held[] unstarted)
    {
        if (unstarted.Length == 0) return;
        _held.RemoveAll(unstarted.Contains);
        _world.Log.Add(_world.NowMs, Happening.Give, Number, unstarted.Length);
        HeldLease[] leases = [.. unstarted.Select(held => new HeldLease(held.Job.Job, held.Job.Token, false))];
        _world.Net.Call<int>("abandon", (_, queue, reply, now) => queue.Abandon(Id, leases, false, reply, now),
            _ => Act(Ask), 1_000);
    }

    private void Renew()
    {
        var listed = Listed;
        _world.Net.Call<IReadOnlyList<LeaseToken>>("renew",
            (host, queue, reply, now) => host.Claim(queue, listed, () => queue.Renew(Id, listed, reply, now)),
            answer => Act(() =>
            {
                if (answer is not { IsOk: true } lost) return;
                Drop(lost.Value);
                Ask();
            }), 2_000);
        After(3_000, Renew);
    }

    private void Watch()
    {
        if (_leaving) return;
        var waitMs = _world.Random.Between(1_000, 15_000);
        _world.Net.Call<IReadOnlyList<LeaseToken>>("watch",
            (host, queue, reply, now) => queue.Watch(Id, host.Until(waitMs), reply, now),
            answer => Act(() =>
            {
                if (answer is { IsOk: true } revoked) foreach (var token in revoked.Value) Kill(token);
                After(_world.Random.Between(1, 200), Watch);
            }), waitMs + 2_000);
    }

    private void Drop(IReadOnlyList<LeaseToken> lost)
    {
        foreach (var token in lost)
        {
            if (_held.RemoveAll(held => held.Job.Token == token) > 0)
                _world.Log.Add(_world.NowMs, Happening.Drop, Number, token.Epoch, token.Number);
        }
        StartNext();
    }

    private void Kill(LeaseToken token)
    {
        var held = _held.Find(held => held.Job.Token == token);
        if (held is null || held.End is not null) return;
        _world.Log.Add(_world.NowMs, Happening.Kill, Number, token.Epoch, token.Number);
        if (!held.Started || _world.Random.Chance(0.2))
        {
            _held.Remove(held);
            Ask();
        }
        else
        {
            held.End = World.End(Outcome.Cancelled, 5);
            Report();
        }
        StartNext();
    }

    private sealed class Held(LeasedJob job)
    {
        public LeasedJob Job { get; } = job;

        public bool Started { get; set; }

        public AttemptEnd? End { get; set; }

        public bool Reporting { get; set; }
    }
}
