using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobQueueWaitTests
{
    private readonly QueueHarness _queue = new();

    [Fact]
    public void Wait_WhenTheJobEnds_IsAnsweredOnceItIsDurable()
    {
        var worker = _queue.NewWorker();
        var id = _queue.Submit();
        var wait = _queue.Wait(id);
        _queue.Report(worker, _queue.Lease(worker));

        wait.IsThere.Should().BeFalse();
        _queue.Commit();

        wait.Value!.State.Should().Be(JobState.Succeeded);
    }

    [Fact]
    public void Wait_WhenItsTimeIsOver_IsAnsweredWithNothing()
    {
        var wait = _queue.Wait(_queue.Submit(), 5_000);

        _queue.Pass(4_500);
        wait.IsThere.Should().BeFalse();
        _queue.Pass(500);

        wait.Value.Should().BeNull();
    }

    [Fact]
    public void Wait_ForAJobThatIsNotThere_IsAnsweredAtOnce() =>
        _queue.Wait(_queue.NewId()).Error.Code.Should().Be(ErrorCode.JobNotFound);

    [Fact]
    public void Wait_WithoutTime_IsAnsweredAtOnce() => _queue.Wait(_queue.Submit(), 0).Value.Should().BeNull();

    [Fact]
    public void Wait_ByMany_IsAnsweredToEach()
    {
        var worker = _queue.NewWorker();
        var id = _queue.Submit();
        var waits = Enumerable.Range(0, 50).Select(_ => _queue.Wait(id)).ToArray();

        _queue.Complete(worker, _queue.Lease(worker), Outcome.UserError);

        waits.Should().OnlyContain(wait => wait.Value!.State == JobState.Failed);
    }

    [Fact]
    public void Wait_WhenTheSubmissionIsStillInFlight_IsParked()
    {
        var submission = _queue.Submission();
        _queue.Enqueue(submission);
        var wait = _queue.Wait(submission.Id);
        _queue.Cancel(submission.Id);

        _queue.Commit();

        wait.Value!.State.Should().Be(JobState.Cancelled);
    }
}
