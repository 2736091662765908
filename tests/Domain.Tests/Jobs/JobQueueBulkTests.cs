using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>What is done with many jobs at once must not do more to any of them than was meant.</summary>
public sealed class JobQueueBulkTests
{
    private readonly QueueHarness _queue = new();
    private readonly Guid _worker = new(99, 0, 0, new byte[8]);

    [Fact]
    public void Cancel_ThatDeletesNothing_EndsWhatWaits()
    {
        var id = _queue.Submit();

        var answer = CancelOnly(id);
        _queue.Commit();

        answer.Value.Should().BeTrue();
        _queue.StoredEnd(id).Should().Be(JobState.Cancelled);
    }

    [Fact]
    public void Cancel_ThatDeletesNothing_LeavesWhatHasEnded()
    {
        var id = _queue.Submit();
        _queue.Complete(_worker, _queue.Lease(_worker));

        var answer = CancelOnly(id);

        answer.Value.Should().BeFalse();
        _queue.Queue.TryTakeCommit(out _).Should().BeFalse("nothing is to be deleted");
    }

    /// <summary>It was listed as waiting, and ends while it is to be cancelled: its result stays.</summary>
    [Fact]
    public void Cancel_ThatDeletesNothing_WhenTheJobEndsMeanwhile_KeepsItsResult()
    {
        var id = _queue.Submit();
        var job = _queue.Lease(_worker);
        var report = _queue.Report(_worker, job);
        var commit = _queue.Take();

        var only = CancelOnly(id);
        _queue.Finish(commit);
        report.Value.Should().BeEmpty();

        only.Value.Should().BeFalse();
        _queue.StoredEnd(id).Should().Be(JobState.Succeeded);
        _queue.Queue.TryTakeCommit(out _).Should().BeFalse("nothing is to be deleted");
    }

    [Fact]
    public void Running_ListsLeasesOfTheUser_NewestFirst_ByPages()
    {
        var jobs = _queue.SubmitMany(4);
        _queue.LeaseMany(_worker, 3);

        var all = _queue.Queue.Running(QueueHarness.User, null, 0, 10);
        var first = _queue.Queue.Running(QueueHarness.User, null, 0, 2);
        var rest = _queue.Queue.Running(QueueHarness.User, null, first[^1].Sequence, 2);

        all.Select(job => job.Id).Should().Equal(jobs[2], jobs[1], jobs[0]);
        first.Concat(rest).Should().Equal(all);
        _queue.Queue.Running("nobody", null, 0, 10).Should().BeEmpty();
        _queue.Queue.Running(QueueHarness.User, "another", 0, 10).Should().BeEmpty();
    }

    [Fact]
    public void RedriveId_IsTheSameForOneJobAndVersion_AndAnotherForAnyOther()
    {
        var (one, two) = (new JobId(1, 2), new JobId(1, 3));

        JobId[] ids = [Redrives.IdOf(one, 1), Redrives.IdOf(one, 2), Redrives.IdOf(two, 1), one, two];

        ids.Should().OnlyHaveUniqueItems();
        Redrives.IdOf(one, 1).Should().Be(ids[0]);
    }

    private Answer<bool> CancelOnly(JobId id)
    {
        var answer = new Answer<bool>();
        _queue.Queue.Cancel(id, answer, _queue.Now, deletes: false);
        return answer;
    }
}
