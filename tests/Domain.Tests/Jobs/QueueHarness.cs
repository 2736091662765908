using FaaS.Domain.Jobs;
using FaaS.Domain.Tests.Simulation;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>Takes one answer and remembers how often it came.</summary>
internal sealed class Answer<T> : IReply<T>
{
    private Result<T> _last;

    public int Count { get; private set; }

    public bool IsThere => Count > 0;

    public Result<T> Result => IsThere ? _last : throw new InvalidOperationException("There is no answer yet.");

    public T Value => Result.Value;

    public Error Error => Result.Error ?? throw new InvalidOperationException("It is not an error.");

    public void Reply(Result<T> answer)
    {
        Count++;
        _last = answer;
        Count.Should().Be(1, "a reply is delivered once");
    }
}

/// <summary>A queue with a store that does what it promises, a clock that is moved by hand, and checks after each step.</summary>
internal sealed class QueueHarness
{
    public const string User = "ann";
    public const string Function = "ok";

    private readonly Dictionary<string, long> _generations = [];
    private readonly SortedSet<string> _users = [User];
    private uint _nextId;
    private int _nextWorker;

    public QueueHarness(QueueRules? rules = null, long epoch = 1, StoreState? store = null, long lastSequence = 0,
        IQueueObserver? observer = null)
    {
        Rules = rules ?? new QueueRules { AdoptionMs = 0 };
        Store = store ?? new StoreState(Plant.None);
        while (Store.Epoch < epoch) Store.Apply(new StoreRecord.TakeEpoch());
        Queue = new JobQueue(Rules, epoch, lastSequence, World.Sealer, 7, Now, observer);
    }

    public JobQueue Queue { get; }

    /// <summary>Whether every step is checked; not where there are a hundred thousand of them.</summary>
    public bool ChecksEachStep { get; init; } = true;

    public QueueRules Rules { get; }

    public StoreState Store { get; }

    public List<JobCommit> Commits { get; } = [];

    public long NowMs { get; private set; } = 1_000;

    public QueueTime Now => new(1_700_000_000_000 + NowMs, NowMs);

    public QueueCounts Counts => Queue.Counts();

    public Guid NewWorker() => new(++_nextWorker, 0, 0, new byte[8]);

    public JobId NewId() => new(1, ++_nextId);

    public long Register(string user)
    {
        _users.Add(user);
        if (!_generations.TryGetValue(user, out var generation))
            _generations[user] = generation = (long)Store.Apply(new StoreRecord.Register(user));
        return generation;
    }

    public long CloseInStore(string user)
    {
        _generations.Remove(user);
        return (long)Store.Apply(new StoreRecord.Close(user));
    }

    public JobSubmission Submission(
        string user = User, string function = Function, long delayMs = 0, long ttlMs = 0, byte[]? arguments = null)
    {
        Register(user);
        return new JobSubmission(
            NewId(), user, function, Body.Of(arguments ?? [91, 93]), Now.WallMs,
            delayMs == 0 ? 0 : Now.WallMs + delayMs, ttlMs == 0 ? 0 : Now.WallMs + ttlMs);
    }

    /// <summary>Hands submissions over without committing them.</summary>
    public Answer<IReadOnlyList<Error?>> Enqueue(params JobSubmission[] submissions) =>
        Ask<IReadOnlyList<Error?>>(reply => Queue.Enqueue(submissions, reply, Now));

    /// <summary>A durable job.</summary>
    public JobId Submit(string user = User, string function = Function, long delayMs = 0, long ttlMs = 0)
    {
        var submission = Submission(user, function, delayMs, ttlMs);
        var answer = Enqueue(submission);
        Commit();
        answer.Value.Should().Equal([null]);
        return submission.Id;
    }

    public JobId[] SubmitMany(int count, string user = User, string function = Function) =>
        [.. Enumerable.Range(0, count).Select(_ => Submit(user, function))];

    /// <summary>Parks a request for work and lets the queue hand out.</summary>
    public Answer<LeaseGrant> Ask(
        Guid worker, int max = 1, int slots = 10, int total = 10, long waitMs = 60_000, params HeldLease[] held)
    {
        var answer = Ask<LeaseGrant>(
            reply => Queue.LeaseJobs(worker, slots, total, max, Now.MonotonicMs + waitMs, held, reply, Now));
        Queue.Dispatch(Now);
        Check();
        return answer;
    }

    /// <summary>One job that a worker gets at once.</summary>
    public LeasedJob Lease(Guid worker, params HeldLease[] held) => Ask(worker, held: held).Value.Jobs.Single();

    public IReadOnlyList<LeasedJob> LeaseMany(Guid worker, int max, int slots = 256) =>
        Ask(worker, max, slots, Math.Max(slots, max)).Value.Jobs;

    public Answer<IReadOnlyList<LeaseToken>> Renew(Guid worker, params HeldLease[] held) =>
        Ask<IReadOnlyList<LeaseToken>>(reply => Queue.Renew(worker, held, reply, Now));

    public Answer<IReadOnlyList<LeaseToken>> Watch(Guid worker, long waitMs = 60_000) =>
        Ask<IReadOnlyList<LeaseToken>>(reply => Queue.Watch(worker, Now.MonotonicMs + waitMs, reply, Now));

    public Answer<int> Abandon(Guid worker, bool leaving, params LeasedJob[] jobs) => Ask<int>(
        reply => Queue.Abandon(worker, [.. jobs.Select(job => Held(job, false))], leaving, reply, Now));

    public Answer<IReadOnlyList<LeaseToken>> Report(Guid worker, params AttemptReport[] reports) =>
        Ask<IReadOnlyList<LeaseToken>>(reply => Queue.Complete(worker, reports, reply, Now));

    public Answer<IReadOnlyList<LeaseToken>> Report(
        Guid worker, LeasedJob job, Outcome outcome = Outcome.Success, long ms = 5) =>
        Report(worker, new AttemptReport(job.Job, job.Token, World.End(outcome, ms)));

    /// <summary>Reports an end and makes it durable.</summary>
    public void Complete(Guid worker, LeasedJob job, Outcome outcome = Outcome.Success, long ms = 5)
    {
        var answer = Report(worker, job, outcome, ms);
        Commit();
        answer.Value.Should().BeEmpty("the lease is current");
    }

    public Answer<bool> Cancel(JobId id) => Ask<bool>(reply => Queue.Cancel(id, reply, Now));

    public Answer<JobEnd?> Wait(JobId id, long forMs = 60_000) =>
        Ask<JobEnd?>(reply => Queue.Wait(id, Now.MonotonicMs + forMs, reply, Now));

    public JobState? StoredEnd(JobId id) => Store.Find(id)?.End;

    /// <summary>Moves the clock in steps a ticking queue would see, and commits what comes of it.</summary>
    public void Pass(long ms, bool commits = true)
    {
        for (var left = ms; left > 0; left -= 500)
        {
            NowMs += Math.Min(500, left);
            Tick();
            if (commits) Commit();
        }
    }

    /// <summary>Moves the clock at once: the queue stood still.</summary>
    public void Jump(long ms) => NowMs += ms;

    public void Tick()
    {
        Queue.Tick(Now);
        Queue.Dispatch(Now);
        Check();
    }

    /// <summary>Commits everything that is pending.</summary>
    public void Commit()
    {
        while (Queue.TryTakeCommit(out var commit)) Finish(commit);
    }

    /// <summary>Takes the next commit and leaves it unanswered.</summary>
    public JobCommit Take()
    {
        Queue.TryTakeCommit(out var commit).Should().BeTrue();
        return commit;
    }

    /// <summary>The store does what the commit says and answers.</summary>
    public void Finish(JobCommit commit)
    {
        Commits.Add(commit);
        Finish((Result<JobCommitted>)Store.Apply(new StoreRecord.Commit(commit)));
    }

    public void Finish(ErrorCode code) => Finish(new Error(code, "A test says so."));

    public void Restore(UnfinishedJob job)
    {
        _users.Add(job.Binding.User);
        Queue.Restore(job, Now);
        Check();
    }

    public static HeldLease Held(LeasedJob job, bool started = true) => new(job.Job, job.Token, started);

    private void Finish(Result<JobCommitted> answer)
    {
        Queue.CommitFinished(answer, Now);
        Queue.Dispatch(Now);
        Check();
    }

    private Answer<T> Ask<T>(Action<IReply<T>> ask)
    {
        var answer = new Answer<T>();
        ask(answer);
        Check();
        return answer;
    }

    private void Check()
    {
        if (!ChecksEachStep) return;
        var counts = Counts;
        counts.IsConserved.Should().BeTrue("{0}", counts);
        if (!Queue.IsSettled || Queue.Fenced) return;
        // With nothing being stored every job waits or runs, and stands in its user's account.
        var users = _users.Select(Queue.DescribeUser).ToArray();
        users.Sum(user => user.Waiting).Should().Be((int)(counts.Delayed + counts.Queued), "{0}", counts);
        users.Sum(user => user.Running).Should().Be((int)counts.InFlight, "{0}", counts);
    }
}
