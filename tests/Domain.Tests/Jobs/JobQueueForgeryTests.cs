using FaaS.Domain.Jobs;
using FaaS.Domain.Tests.Simulation;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>What a worker can do with the role's key and nothing else: a stolen one, or one that lies.</summary>
public sealed class JobQueueForgeryTests
{
    private static readonly QueueRules Split = new() { AdoptionMs = 2_000 };

    private readonly QueueHarness _queue = new();
    private readonly Guid _worker;
    private readonly Guid _thief;

    public JobQueueForgeryTests() => (_worker, _thief) = (_queue.NewWorker(), _queue.NewWorker());

    [Fact]
    public void Report_WithTheTokenOfAnother_IsStale()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);

        var answer = _queue.Report(_thief, job, ms: 5_000);
        _queue.Commit();

        answer.Value.Should().Equal(job.Token);
        _queue.Queue.Describe(id).State.Should().Be(JobState.Running);
        _queue.Complete(_worker, job);
        _queue.StoredEnd(id).Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void Report_AsTheWorkerItself_WithAGuessedSeal_IsStale()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);

        var answer = _queue.Report(_worker, Report(id, job.Token with { Seal = job.Token.Seal ^ 1 }));
        _queue.Commit();

        answer.Value.Should().ContainSingle();
        _queue.StoredEnd(id).Should().BeNull();
    }

    [Fact]
    public void Report_ForAJobWithTheTokenOfAnother_IsStale()
    {
        var ids = _queue.SubmitMany(2);
        var mine = _queue.LeaseMany(_thief, 1).Single();
        _queue.LeaseMany(_worker, 1);

        var answer = _queue.Report(_thief, Report(ids[1], mine.Token));
        _queue.Commit();

        answer.Value.Should().Equal(mine.Token);
        _queue.StoredEnd(ids[1]).Should().BeNull();
    }

    [Theory]
    [InlineData("lease")]
    [InlineData("renew")]
    [InlineData("complete")]
    public void Claim_AfterARestart_OfALeaseThatIsMadeUp_GetsNothing(string by)
    {
        var waiting = _queue.Submit();
        var running = _queue.Submit();
        var genuine = _queue.LeaseMany(_worker, 1).Single();
        var next = Restart();
        JobId[] ids = [waiting, running];
        var claims = ids.SelectMany(id => Guesses().Select(token => new HeldLease(id, token, true))).ToArray();

        if (by == "lease") next.Ask(_thief, held: claims).Value.Lost.Should().HaveCount(claims.Length);
        if (by == "renew") next.Renew(_thief, claims).Value.Should().HaveCount(claims.Length);
        if (by == "complete")
        {
            var answer = next.Report(_thief, [.. claims.Select(claim => Report(claim.Job, claim.Token))]);
            next.Commit();
            answer.Value.Should().HaveCount(claims.Length);
        }

        ids.Select(id => next.Queue.Describe(id).State).Should().AllBeEquivalentTo(JobState.Queued);
        next.Renew(_worker, QueueHarness.Held(genuine)).Value.Should().BeEmpty("whom it was granted to may go on");
        next.Queue.Describe(genuine.Job).State.Should().Be(JobState.Running);

        IEnumerable<LeaseToken> Guesses() =>
            from epoch in new long[] { 0, 1 } from number in Enumerable.Range(0, 20)
            from seal in new[] { UInt128.Zero, genuine.Token.Seal ^ 1 } select new LeaseToken(epoch, number, seal);
    }

    [Fact]
    public void Claim_AfterARestart_WithAGenuineTokenOfAnotherJob_GetsNothing()
    {
        var ids = _queue.SubmitMany(2);
        var mine = _queue.LeaseMany(_thief, 1).Single();
        var next = Restart();

        next.Renew(_thief, new HeldLease(ids[1], mine.Token, true)).Value.Should().Equal(mine.Token);

        next.Queue.Describe(ids[1]).State.Should().Be(JobState.Queued);
    }

    [Theory]
    [InlineData(0, 3_600_000, 1_000)]
    [InlineData(2_000, 3_600_000, 3_000)]
    [InlineData(2_000, 2_900, 2_900)]
    [InlineData(2_000, -5, 0)]
    public void Usage_BeyondWhatTheLeaseHasLasted_IsCut(long passMs, long claimedMs, long billedMs)
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);
        _queue.Pass(passMs);

        _queue.Complete(_worker, job, ms: claimedMs);

        Billed(_queue).Wall.TotalMilliseconds.Should().Be(billedMs);
    }

    [Fact]
    public void Usage_BeyondTheFunctionsLimit_IsCut_HoweverLongTheLeaseWasKept()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);
        var limitMs = (long)job.Binding.Limits.Timeout.TotalMilliseconds;
        for (long passed = 0; passed < 2 * limitMs; passed += 5_000)
        {
            _queue.Pass(5_000);
            _queue.Renew(_worker, QueueHarness.Held(job)).Value.Should().BeEmpty();
        }

        _queue.Complete(_worker, job, ms: 2 * limitMs);

        Billed(_queue).Wall.TotalMilliseconds.Should().Be(limitMs + 1_000);
    }

    [Fact]
    public void Usage_OfALeaseOfAnEarlierQueue_IsCutByTheLimitAlone()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);
        var next = Restart();

        next.Report(_worker, Report(id, job.Token, 30_000));
        next.Commit();

        Billed(next).Wall.TotalMilliseconds.Should().Be(30_000);
    }

    [Fact]
    public void Usage_ThatContradictsItself_IsMadeToAgree()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);
        var claimed = new ResourceUsage(TimeSpan.FromMilliseconds(40), TimeSpan.MaxValue, TimeSpan.FromMilliseconds(41));

        _queue.Report(_worker, new AttemptReport(id, job.Token, World.End(Outcome.Success, 1) with { Usage = claimed }));
        _queue.Commit();

        Billed(_queue).Should().Be(
            new ResourceUsage(TimeSpan.FromMilliseconds(40), TimeSpan.FromSeconds(64), TimeSpan.FromMilliseconds(40)));
    }

    private QueueHarness Restart()
    {
        _queue.Store.Apply(new StoreRecord.TakeEpoch());
        var next = new QueueHarness(Split, epoch: 2, store: _queue.Store);
        foreach (var job in next.Store.LoadUnfinished(0, 10)) next.Restore(job);
        next.Tick();
        return next;
    }

    private static AttemptReport Report(JobId job, LeaseToken token, long ms = 1) =>
        new(job, token, World.End(Outcome.Success, ms));

    private static ResourceUsage Billed(QueueHarness queue) =>
        queue.Commits.SelectMany(commit => commit.Ended).Last().End.Usage;
}
