using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>What is configured for a function: limits, concurrency, retries.</summary>
public sealed class JobQueuePolicyTests
{
    private readonly QueueHarness _queue = new();
    private readonly Guid _worker;
    private long _revision;

    public JobQueuePolicyTests() => _worker = _queue.NewWorker();

    [Fact]
    public void AdoptPolicy_HoldsForJobsThatWaitAlready()
    {
        _queue.Submit();

        Adopt(new FunctionPolicy(0, new FunctionLimits(TimeSpan.FromSeconds(3), 256)));

        var job = _queue.Lease(_worker);
        job.Binding.Limits.Should().Be(new FunctionLimits(TimeSpan.FromSeconds(3), 256));
        job.Binding.Policy!.Revision.Should().Be(1);
    }

    [Fact]
    public void AdoptPolicy_OfAnOlderRevision_ChangesNothing()
    {
        _queue.Submit();
        _revision = 5;
        Adopt(new FunctionPolicy(0, FunctionLimits.Default, Concurrency: 1));
        _revision = 2;

        Adopt(new FunctionPolicy(0, FunctionLimits.Default with { MemoryMiB = 16 }));

        _queue.Lease(_worker).Binding.Limits.Should().Be(FunctionLimits.Default);
    }

    [Fact]
    public void AdoptPolicy_OfAFunctionWithoutJobs_SaysSo() =>
        _queue.Queue.AdoptPolicy(7, 7, new FunctionPolicy(1, FunctionLimits.Default)).Should().BeFalse();

    [Fact]
    public void Lease_BeyondTheFunctionsConcurrency_WaitsAndLetsOtherFunctionsPass()
    {
        _queue.Submit();
        Adopt(new FunctionPolicy(0, FunctionLimits.Default, Concurrency: 2));
        _queue.SubmitMany(9);
        _queue.SubmitMany(3, function: "slow");

        var running = _queue.LeaseMany(_worker, 20);

        running.Count(job => job.Binding.Function == QueueHarness.Function).Should().Be(2);
        running.Count(job => job.Binding.Function == "slow").Should().Be(3);
        _queue.Counts.Held.Should().Be(8);
        var parked = _queue.Ask(_worker, 20, slots: 256, total: 256, held: [.. running.Select(job => QueueHarness.Held(job))]);
        _queue.Complete(_worker, running.First(job => job.Binding.Function == QueueHarness.Function));
        parked.Value.Jobs.Should().HaveCount(1);
    }

    [Fact]
    public void AdoptPolicy_WithMoreConcurrency_LetsWhatWaitsGo()
    {
        _queue.Submit();
        Adopt(new FunctionPolicy(0, FunctionLimits.Default, Concurrency: 1));
        _queue.SubmitMany(4);
        var one = _queue.LeaseMany(_worker, 10).Single();
        var parked = _queue.Ask(_worker, 10, held: QueueHarness.Held(one));

        Adopt(new FunctionPolicy(0, FunctionLimits.Default));
        _queue.Tick();

        parked.Value.Jobs.Should().HaveCount(4);
        _queue.Counts.Held.Should().Be(0);
    }

    [Fact]
    public void Report_OfAFailureThatIsTriedAgain_EndsTheJobOnlyAfterAllAttempts()
    {
        var id = _queue.Submit();
        Adopt(new FunctionPolicy(0, FunctionLimits.Default, Retry: new RetryPolicy(3, 100, 200)));

        for (var attempt = 1; attempt < 3; attempt++)
        {
            var job = _queue.Lease(_worker);
            job.Attempt.Should().Be(attempt);
            _queue.Complete(_worker, job, Outcome.UserError);
            _queue.StoredEnd(id).Should().BeNull();
            _queue.Counts.Delayed.Should().Be(1);
            _queue.Pass(200);
        }
        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.UserError);

        _queue.StoredEnd(id).Should().Be(JobState.Failed);
        _queue.Store.Ledger.Should().HaveCount(3, "each attempt is billed");
    }

    [Theory]
    [InlineData(Outcome.MemoryExceeded)]
    [InlineData(Outcome.ResultTooLarge)]
    public void Report_OfWhatWouldOnlyRepeatItself_EndsTheJob(Outcome outcome)
    {
        var id = _queue.Submit();
        Adopt(new FunctionPolicy(0, FunctionLimits.Default, Retry: new RetryPolicy(5)));

        _queue.Complete(_worker, _queue.Lease(_worker), outcome);

        _queue.StoredEnd(id).Should().Be(JobState.Failed);
    }

    [Fact]
    public void Report_OfACrash_WhenOneAttemptIsConfigured_IsNotTriedAgain()
    {
        var id = _queue.Submit();
        Adopt(new FunctionPolicy(0, FunctionLimits.Default, Retry: new RetryPolicy(1)));

        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.Crashed);

        _queue.StoredEnd(id).Should().Be(JobState.DeadLettered);
    }

    [Fact]
    public void Lease_ThatIsLost_TakesNoAttemptAway()
    {
        var id = _queue.Submit();
        Adopt(new FunctionPolicy(0, FunctionLimits.Default, Retry: new RetryPolicy(2, 1, 1)));
        var lost = _queue.Lease(_worker);
        _queue.Renew(_worker, QueueHarness.Held(lost));
        _queue.Pass(_queue.Rules.LeaseMs + 1_000);

        var other = _queue.NewWorker();
        _queue.Complete(other, _queue.Lease(other), Outcome.UserError);

        _queue.StoredEnd(id).Should().BeNull("one attempt of two has ended, the lost one counts apart");
    }

    private void Adopt(FunctionPolicy policy)
    {
        var generation = _queue.Register(QueueHarness.User);
        var binding = Simulation.World.Bind(generation, QueueHarness.User, QueueHarness.Function);
        _queue.Queue.AdoptPolicy(generation, binding.FunctionId, policy with { Revision = ++_revision }).Should().BeTrue();
    }
}
