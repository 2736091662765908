using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>The counters a scaler reads its rates from.</summary>
public sealed class JobQueueCountsTests
{
    private readonly QueueHarness _queue = new();
    private readonly Guid _worker = new(99, 0, 0, new byte[8]);

    [Fact]
    public void Arrived_CountsWhatMayBeRunNow_NotWhatIsDelayed()
    {
        _queue.Submit();
        _queue.Submit(delayMs: 3_000);

        _queue.Counts.Arrived.Should().Be(1);
        _queue.Pass(4_000);
        _queue.Counts.Arrived.Should().Be(2);
    }

    [Fact]
    public void Arrived_WhenAWorkerGivesAJobBack_DoesNotCountItAgain()
    {
        _queue.Submit();

        _queue.Abandon(_worker, leaving: false, _queue.Lease(_worker));

        _queue.Counts.Queued.Should().Be(1);
        _queue.Counts.Arrived.Should().Be(1);
    }

    [Fact]
    public void Arrived_WhenAnAttemptIsTriedAgain_CountsItsJobAgain()
    {
        _queue.Submit();

        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.PlatformError);
        _queue.Pass(2_000);

        _queue.Counts.Should().Match<QueueCounts>(counts => counts.Arrived == 2 && counts.Attempts == 1 && counts.Submitted == 1);
    }

    [Fact]
    public void Arrived_OfJobsCancelledWhileTheyWait_StaysWhatItWas()
    {
        var waiting = _queue.Submit();
        var delayed = _queue.Submit(delayMs: 60_000);

        _queue.Cancel(waiting);
        _queue.Cancel(delayed);
        _queue.Commit();

        _queue.Counts.Should().Match<QueueCounts>(counts => counts.Terminal == 2 && counts.Arrived == 1 && counts.Attempts == 0);
    }

    [Fact]
    public void BusyMs_IsTheReportedWallTimeOfEndedAttempts()
    {
        _queue.SubmitMany(2);

        _queue.Complete(_worker, _queue.Lease(_worker), ms: 70);
        _queue.Complete(_worker, _queue.Lease(_worker), Outcome.UserError, ms: 30);

        _queue.Counts.Should().Match<QueueCounts>(counts => counts.Attempts == 2 && counts.BusyMs == 100);
    }

    [Theory]
    [InlineData(-5_000, 0)]
    [InlineData(long.MaxValue / 20_000, 1_000)]
    public void BusyMs_WhenAWorkerReportsNonsense_StaysWithinReason(long reportedMs, long counted)
    {
        _queue.Submit();

        _queue.Report(_worker, _queue.Lease(_worker), ms: reportedMs);

        _queue.Counts.BusyMs.Should().Be(counted);
    }

    [Fact]
    public void BusyMs_OfAStaleReport_IsNotCounted()
    {
        _queue.Submit();
        var job = _queue.Lease(_worker);

        _queue.Report(_queue.NewWorker(), job, ms: 70);

        _queue.Counts.Should().Match<QueueCounts>(counts => counts.Attempts == 0 && counts.BusyMs == 0);
    }

    [Fact]
    public void RunningMs_CountsAtMostASlotsNumberOfLeases()
    {
        foreach (var user in new[] { "ann", "bob", "eve" }) _queue.Submit(user);
        _queue.Ask(_worker, max: 3, slots: 2, total: 8).Value.Jobs.Should().HaveCount(3);

        _queue.Pass(4_000);

        _queue.Counts.Should().Match<QueueCounts>(counts => counts.RunningMs == 8_000 && counts.Slots == 2 && counts.InFlight == 3);
    }

    [Fact]
    public void Workers_WhenOneLeaves_NeitherItNorItsSlotsCount()
    {
        _queue.Ask(_worker, slots: 2);
        var other = _queue.NewWorker();
        _queue.Ask(other, slots: 3);

        _queue.Abandon(_worker, leaving: true);

        _queue.Counts.Should().Match<QueueCounts>(counts => counts.Workers == 1 && counts.Slots == 3);
    }
}
