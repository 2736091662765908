using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>What is known of a job from outside.</summary>
internal sealed class Track(int number, JobId id)
{
    public int Number { get; } = number;

    public JobId Id { get; } = id;

    public bool Acknowledged { get; set; }

    /// <summary>Submissions of it that reached a queue and were not answered for good: it may or may not be there.</summary>
    public int Uncertain { get; set; }

    public long AcknowledgedInEpoch { get; set; }

    public int Executions { get; set; }

    public int Accepted { get; set; }

    public JobState? Durable { get; set; }
}

/// <summary>
/// Judges a run from outside: by what clients and workers were told and by what the store has. It knows nothing of the
/// queue's inside.
/// </summary>
internal sealed class Checker(World world)
{
    private readonly Dictionary<JobId, Track> _tracks = [];
    private readonly List<Track> _inOrder = [];
    private readonly List<string> _failures = [];
    private readonly HashSet<(JobId, LeaseToken)> _executed = [];
    private readonly HashSet<(JobId, LeaseToken)> _granted = [];
    private readonly List<JobState?> _before = [];
    private long _leasesOfDeadQueues;
    private int _executions;

    public IReadOnlyList<string> Failures => _failures;

    public void Fail(string what)
    {
        if (_failures.Count < 20) _failures.Add($"at {world.NowMs} ms: {what}");
    }

    public Track Submitted(JobId id)
    {
        var track = new Track(_inOrder.Count, id);
        _tracks.Add(id, track);
        _inOrder.Add(track);
        return track;
    }

    public Track Of(JobId id) => _tracks[id];

    public void Conserved(QueueCounts counts)
    {
        if (!counts.IsConserved) Fail($"not conserved: {counts}");
        if (counts.Held < 0 || counts.Held > counts.Queued) Fail($"held: {counts}");
        if (counts.Delayed < 0 || counts.Queued < 0 || counts.InFlight < 0) Fail($"negative: {counts}");
    }

    /// <summary>With nothing being stored every job waits or runs, and stands in its user's account.</summary>
    public void Accounted(JobQueue queue)
    {
        if (!queue.IsSettled) return;
        var counts = queue.Counts();
        var (waiting, running) = (0, 0);
        for (var at = 0; at < World.Users; at++)
        {
            var user = queue.DescribeUser($"user{at}");
            waiting += user.Waiting;
            running += user.Running;
        }
        if (waiting != counts.Delayed + counts.Queued || running != counts.InFlight)
            Fail($"accounts have {waiting} waiting and {running} running: {counts}");
    }

    public void QueueDied(QueueCounts counts) => _leasesOfDeadQueues += counts.Leases;

    public void Granting(SimHost host, Guid worker, LeaseGrant grant)
    {
        foreach (var job in grant.Jobs)
        {
            var track = Of(job.Job);
            world.Log.Add(world.NowMs, Happening.Grant, track.Number, job.Token.Epoch, job.Token.Number);
            if (!_granted.Add((job.Job, job.Token))) Fail($"token {job.Token} was granted twice");
            if (host.Committing.Contains(job.Job)) Fail($"job {track.Number} is granted while its end is committed");
            if (track.Durable is { } end && host.Epoch == world.Store.State.Epoch)
                Fail($"job {track.Number} is granted after it ended as {end}");
            host.Adopted.Remove(job.Job);
            host.Granted[job.Job] = (job.Token, worker);
        }
    }

    public void Executing(JobId job, LeaseToken token)
    {
        var track = Of(job);
        world.Log.Add(world.NowMs, Happening.Execute, track.Number, token.Epoch, token.Number);
        track.Executions++;
        _executions++;
        if (!_executed.Add((job, token))) Fail($"job {track.Number} ran twice under {token}");
    }

    /// <summary>
    /// Whether this queue may take an end under the token: it is its last grant of the job, or an earlier queue's of
    /// a job that waits here, which its worker has claimed by that.
    /// </summary>
    public static bool IsCurrent(SimHost host, Guid worker, AttemptReport report) =>
        report.Token.Epoch < host.Epoch
            ? host.MayClaim(report.Job, report.Token)
            : host.Granted.TryGetValue(report.Job, out var last) && last.Token == report.Token && last.Worker == worker;

    public void Accepted(AttemptReport report, bool wasCurrent)
    {
        var track = Of(report.Job);
        track.Accepted++;
        world.Log.Add(world.NowMs, Happening.Accept, track.Number, report.Token.Epoch, report.Token.Number);
        if (!wasCurrent) Fail($"job {track.Number}: an end was accepted under the stale {report.Token}");
        var stored = world.Store.State.Find(report.Job);
        if (stored is null || stored.Counts.Ended < track.Accepted)
            Fail($"job {track.Number}: an accepted end is not in the store");
    }

    public void Stale(AttemptReport report) => world.Log.Add(
        world.NowMs, Happening.Stale, Of(report.Job).Number, report.Token.Epoch, report.Token.Number);

    public void Acknowledged(Track track, long epoch)
    {
        world.Log.Add(world.NowMs, Happening.Acknowledge, track.Number);
        if (!track.Acknowledged) track.AcknowledgedInEpoch = epoch;
        track.Acknowledged = true;
    }

    public void Committing(JobCommit commit, StoreState state)
    {
        var jobs = commit.New.Select(row => row.Submission.Id).Concat(commit.Ended.Select(row => row.Id))
            .Concat(commit.Retried.Select(row => row.Id)).ToArray();
        if (jobs.Distinct().Count() != jobs.Length) Fail("a job stands twice in one commit");
        if (commit.Count == 0) Fail("an empty commit");
        _before.Clear();
        foreach (var row in commit.Ended) _before.Add(state.Find(row.Id)?.End);
    }

    public void Committed(JobCommit commit, StoreState state)
    {
        if (commit.Epoch != state.Epoch) Fail($"epoch {commit.Epoch} wrote under epoch {state.Epoch}");
        for (var at = 0; at < commit.Ended.Count; at++)
        {
            if (_before[at] is { } before && state.Find(commit.Ended[at].Id)?.End != before)
                Fail($"job {Of(commit.Ended[at].Id).Number} was {before} and changed");
        }
    }

    public void Durable(JobCommit commit, StoreState state)
    {
        foreach (var row in commit.Ended)
        {
            if (state.Find(row.Id)?.End is not { } end) continue;
            var track = Of(row.Id);
            if (track.Durable is { } before && before != end) Fail($"job {track.Number} was {before} and is {end}");
            track.Durable = end;
        }
    }

    public void StoreRecovered(StoreState state)
    {
        foreach (var track in _inOrder)
            if (track.Durable is { } end && state.Find(track.Id)?.End != end)
                Fail($"job {track.Number} was durably {end} before the store crashed");
    }

    public void Waited(Track track, JobEnd end)
    {
        world.Log.Add(world.NowMs, Happening.WaitEnd, track.Number, (long)end.State);
        if (world.Store.State.Find(track.Id)?.End != end.State)
            Fail($"job {track.Number}: a waiter was told {end.State}");
    }

    public void CancelEnded(Track track, bool removed)
    {
        world.Log.Add(world.NowMs, Happening.CancelEnd, track.Number, removed ? 1 : 0);
        if (removed && world.Store.State.Find(track.Id)?.End is null)
            Fail($"job {track.Number}: its cancellation was answered before it was durable");
    }

    /// <summary>Whether nothing is left to do.</summary>
    public bool IsFinished() => _inOrder.TrueForAll(track =>
        world.Store.State.Find(track.Id) is { } stored ? stored.End is not null : !track.Acknowledged);

    public RunReport Finish(SimHost live)
    {
        var state = world.Store.State;
        var report = new RunReport { Seed = world.Seed, Jobs = _inOrder.Count, Executions = _executions };
        foreach (var track in _inOrder) Judge(track, state, report);
        report.Unexpected += state.Jobs.Count(job => !_tracks.ContainsKey(job.Id));
        if (state.Ledger.Distinct().Count() != state.Ledger.Count) Fail("an attempt is billed twice");
        report.Billed = state.Ledger.Count;
        var counts = live.Queue.Counts();
        report.Leases = _leasesOfDeadQueues + counts.Leases;
        if (_executions > report.Leases) Fail($"{_executions} executions of {report.Leases} leases");
        if (live.Queue.Count != 0) Fail($"the queue still holds {live.Queue.Count} jobs: {counts}");
        if (live.Owed.Length > 0) Fail($"never answered: {live.Owed}");
        if (report.Lost > 0) Fail($"{report.Lost} jobs are lost");
        if (report.Unexpected > 0) Fail($"{report.Unexpected} jobs are unexpected");
        report.Events = world.Log.Count;
        report.Hash = world.Log.Hash;
        report.Failures = _failures;
        return report;
    }

    private void Judge(Track track, StoreState state, RunReport report)
    {
        var stored = state.Find(track.Id);
        if (track.Acknowledged)
        {
            report.Acknowledged++;
            if (stored?.End is null) report.Lost++;
        }
        if (stored is null) return;
        if (!track.Acknowledged && track.Uncertain == 0)
        {
            report.Unexpected++;
            Fail($"job {track.Number} is there, but every try to submit it was refused");
        }
        if (track.Executions > 1) report.Repeated++;
        if (track.Accepted > stored.Counts.Ended)
            Fail($"job {track.Number}: {track.Accepted} ends accepted of {stored.Counts.Ended}");
        // Some run or some queue that knew the job went away, and it ended all the same.
        if (stored.End is not null && (track.Executions > track.Accepted || stored.Counts.Losses > 0)) report.Recovered++;
    }
}

/// <summary>One run in numbers.</summary>
internal sealed class RunReport
{
    public ulong Seed { get; init; }

    public int Jobs { get; init; }

    public int Acknowledged { get; set; }

    public int Lost { get; set; }

    public int Unexpected { get; set; }

    /// <summary>Jobs that ran more than once.</summary>
    public int Repeated { get; set; }

    public int Recovered { get; set; }

    public int Executions { get; init; }

    public long Leases { get; set; }

    public int Billed { get; set; }

    public int Events { get; set; }

    public ulong Hash { get; set; }

    public IReadOnlyList<string> Failures { get; set; } = [];
}
