using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobQueueFenceTests
{
    private readonly QueueHarness _queue = new();

    [Fact]
    public void CommitFinished_WhenFenced_AnswersSubmissionsAsUnknown()
    {
        var first = _queue.Enqueue(_queue.Submission());
        _queue.Take();
        var behind = _queue.Enqueue(_queue.Submission());

        _queue.Finish(ErrorCode.LeaseLost);

        _queue.Queue.Fenced.Should().BeTrue();
        first.Value.Single()!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        behind.Value.Single()!.Code.Should().Be(ErrorCode.OutcomeUnknown);
    }

    [Fact]
    public void CommitFinished_WhenFenced_AnswersEverybodyWhoWaits()
    {
        var worker = _queue.NewWorker();
        var id = _queue.Submit();
        _queue.Lease(worker);
        var cancelOfRunning = _queue.Cancel(id);
        var wait = _queue.Wait(id);
        _queue.Watch(worker).Value.Should().ContainSingle();
        var watch = _queue.Watch(worker);
        var parked = _queue.Ask(_queue.NewWorker());

        Fence();

        cancelOfRunning.Error.Code.Should().Be(ErrorCode.OutcomeUnknown);
        wait.Value.Should().BeNull();
        watch.Value.Should().BeEmpty();
        parked.Value.Jobs.Should().BeEmpty();
    }

    [Fact]
    public void CommitFinished_WhenFenced_LeavesNothingToCommit()
    {
        Fence();

        _queue.Queue.IsSettled.Should().BeTrue();
        _queue.Queue.TryTakeCommit(out _).Should().BeFalse();
    }

    [Fact]
    public void Inputs_WhenFenced_AreAllAnsweredAtOnce()
    {
        var worker = _queue.NewWorker();
        var id = _queue.Submit();
        var job = _queue.Lease(worker);
        Fence();

        _queue.Enqueue(_queue.Submission()).Error.Code.Should().Be(ErrorCode.Unavailable);
        _queue.Report(worker, job).Error.Code.Should().Be(ErrorCode.Unavailable);
        _queue.Cancel(id).Error.Code.Should().Be(ErrorCode.Unavailable);
        _queue.Wait(id).Value.Should().BeNull();
        _queue.Watch(worker).IsThere.Should().BeTrue();
        _queue.Ask(worker, held: QueueHarness.Held(job)).Value.Jobs.Should().BeEmpty();
        _queue.Renew(worker, QueueHarness.Held(job)).Value.Should().BeEmpty();
    }

    private void Fence()
    {
        _queue.Enqueue(_queue.Submission());
        _queue.Take();
        _queue.Finish(ErrorCode.LeaseLost);
    }
}
