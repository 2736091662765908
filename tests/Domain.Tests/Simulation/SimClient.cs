using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>A client and its user: submits with retries, waits, cancels, and sometimes deletes and re-registers itself.</summary>
internal sealed class SimClient
{
    private readonly World _world;
    private readonly int _number;
    private readonly string _user;
    private readonly List<Track> _mine = [];
    private readonly StoreLink _store = new();

    public SimClient(World world, int number)
    {
        _world = world;
        _number = number;
        _user = $"user{number}";
        Register(then: Act);
    }

    public int Submitting { get; private set; }

    private void Act()
    {
        if (_world.Faults.Over) return;
        var dice = _world.Random.Below(100);
        if (dice < 60 || _mine.Count == 0) Submit();
        else if (dice < 72) Wait(_world.Random.Pick(_mine));
        else if (dice < 82) Cancel(_world.Random.Pick(_mine));
        else if (dice < 88) Describe(_world.Random.Pick(_mine));
        else if (dice < 90) Close();
        _world.After(_world.Random.Between(10, 2 * _world.Faults.ClientGapMs), Act);
    }

    private void Register(Action then) => Keep(new StoreRecord.Register(_user), () =>
    {
        _world.Log.Add(_world.NowMs, Happening.Register, _number);
        then();
    });

    private void Keep(StoreRecord record, Action then)
    {
        var open = true;
        _world.Store.Ask(_store, record, _ =>
        {
            if (!open) return;
            open = false;
            then();
        });
        _world.After(3_000, () =>
        {
            if (!open) return;
            open = false;
            Keep(record, then);
        });
    }

    private void Submit()
    {
        var count = 1 + _world.Random.Below(4);
        var submissions = new JobSubmission[count];
        var tracks = new Track[count];
        for (var at = 0; at < count; at++)
        {
            var id = _world.NextId();
            tracks[at] = _world.Checker.Submitted(id);
            _world.Log.Add(_world.NowMs, Happening.Submit, _number, tracks[at].Number);
            var dueAtMs = _world.Random.Chance(0.15) ? _world.WallMs + _world.Random.Between(-100, 20_000) : 0;
            var expiresAtMs = _world.Random.Chance(0.15) ? _world.WallMs + _world.Random.Between(1, 20_000) : 0;
            submissions[at] = new JobSubmission(
                id, _user, _world.Random.Pick(World.Functions), Body.Of([1, 2, 3]), _world.WallMs, dueAtMs, expiresAtMs);
        }
        _mine.AddRange(tracks);
        if (_mine.Count > 40) _mine.RemoveRange(0, _mine.Count - 40);
        Submitting++;
        Try(submissions, tracks, _world.NowMs + 20_000);
    }

    /// <summary>Sends a submission again, unchanged, until it is answered for good or its deadline is over.</summary>
    private void Try(JobSubmission[] submissions, Track[] tracks, long deadlineMs)
    {
        _world.Net.Call<IReadOnlyList<Error?>>("enqueue",
            (host, queue, reply, now) =>
            {
                if (_world.Plant == Plant.DropsAcknowledged && _world.Random.Chance(0.02))
                {
                    reply.Reply(Result<IReadOnlyList<Error?>>.Ok(new Error?[submissions.Length]));
                    return;
                }
                foreach (var track in tracks) track.Uncertain++;
                queue.Enqueue(submissions, new Watched<IReadOnlyList<Error?>>(
                    reply, answer => Answered(tracks, answer, host.Epoch)), now);
            },
            answer =>
            {
                var settled = answer is { IsOk: true };
                if (settled)
                {
                    Told(tracks, answer!.Value.Value);
                    if (answer.Value.Value.Any(IsTransient)) settled = false;
                }
                if (settled || _world.NowMs > deadlineMs) Submitting--;
                else _world.After(_world.Random.Between(20, 1_000), () => Try(submissions, tracks, deadlineMs));
            }, _world.Random.Between(300, 4_000));
    }

    private static bool IsTransient(Error? error) =>
        error?.Code is ErrorCode.NotDurable or ErrorCode.Unavailable or ErrorCode.OutcomeUnknown;

    /// <summary>What the queue says is a promise when it leaves the queue, whether or not it arrives.</summary>
    private void Answered(Track[] tracks, Result<IReadOnlyList<Error?>> answer, long epoch)
    {
        for (var at = 0; at < tracks.Length; at++)
        {
            var error = answer.IsOk ? answer.Value[at] : answer.Error;
            if (error is null) _world.Checker.Acknowledged(tracks[at], epoch);
            if (error?.Code != ErrorCode.OutcomeUnknown) tracks[at].Uncertain--;
        }
    }

    private void Told(Track[] tracks, IReadOnlyList<Error?> errors)
    {
        for (var at = 0; at < tracks.Length; at++)
        {
            // A plant may acknowledge behind the queue's back: what counts is what the client was told.
            if (errors[at] is null) _world.Checker.Acknowledged(tracks[at], 0);
            else _world.Log.Add(_world.NowMs, Happening.Refuse, tracks[at].Number, (long)errors[at]!.Code);
        }
    }

    private void Wait(Track track)
    {
        var waitMs = _world.Random.Between(0, 8_000);
        _world.Log.Add(_world.NowMs, Happening.Wait, track.Number, waitMs);
        _world.Net.Call<JobEnd?>("wait",
            (host, queue, reply, now) => queue.Wait(track.Id, host.Until(waitMs), new Watched<JobEnd?>(reply, answer =>
            {
                if (answer is { IsOk: true, Value: { } end }) _world.Checker.Waited(track, end);
            }), now),
            _ => { }, waitMs + 1_000);
    }

    private void Cancel(Track track)
    {
        _world.Log.Add(_world.NowMs, Happening.Cancel, track.Number);
        _world.Net.Call<bool>("cancel",
            (_, queue, reply, now) => queue.Cancel(track.Id, new Watched<bool>(reply, answer =>
            {
                if (answer.IsOk) _world.Checker.CancelEnded(track, answer.Value);
            }), now),
            _ => { }, 4_000);
    }

    private void Describe(Track track) => _world.Net.Call<JobStanding>("describe",
        (_, queue, reply, _) => reply.Reply(queue.Describe(track.Id)), _ => { }, 1_000);

    /// <summary>Deletes the user; sometimes the caller dies before it tells the queue. Then comes back, or not at once.</summary>
    private void Close()
    {
        _world.Log.Add(_world.NowMs, Happening.Close, _number);
        var tells = _world.Random.Chance(0.7);
        _world.Store.Ask(_store, new StoreRecord.Close(_user), answer =>
        {
            var generation = (long)answer;
            if (tells && generation != 0)
            {
                _world.Net.Call<int>("close", (_, queue, reply, _) => reply.Reply(queue.CloseOwner(generation)),
                    _ => { }, 1_000);
            }
        });
        _world.After(_world.Random.Between(10, 3_000), () => Register(() => { }));
    }
}
