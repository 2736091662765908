using FaaS.Domain.Jobs;
using FaaS.Domain.Tests.Jobs;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>Mistakes a queue like this one is expected to have, each as one test.</summary>
public sealed class ExpectedMistakeTests
{
    private const int Submissions = 10_000;

    [Fact]
    public void CommitTimeout_OnEachThirdCommit_LosesAndDoublesNothing()
    {
        var queue = new QueueHarness(new QueueRules { AdoptionMs = 0, CommitRows = 16 });
        var worker = queue.NewWorker();
        var answers = new List<Answer<IReadOnlyList<Error?>>>();
        var ids = new List<JobId>();
        var tries = 0;
        while (ids.Count < Submissions)
        {
            JobSubmission[] batch = [.. Enumerable.Range(0, 8).Select(_ => queue.Submission())];
            ids.AddRange(batch.Select(job => job.Id));
            answers.Add(queue.Enqueue(batch));
            CommitSometimesUnanswered();
            foreach (var job in queue.LeaseMany(worker, 8)) queue.Report(worker, job);
            CommitSometimesUnanswered();
        }

        answers.Should().OnlyContain(answer => answer.Value.All(error => error == null));
        ids.Distinct().Should().HaveCount(Submissions);
        queue.Store.Jobs.Should().HaveCount(Submissions);
        queue.Store.Jobs.Should().OnlyContain(job => job.End == JobState.Succeeded);
        LedgerIsRight();

        foreach (var id in ids)
        {
            var deletion = queue.Cancel(id);
            CommitSometimesUnanswered();
            deletion.Value.Should().BeTrue();
        }
        queue.Store.Jobs.Should().OnlyContain(job => job.Hidden && job.End == JobState.Succeeded);
        LedgerIsRight();
        queue.Queue.Count.Should().Be(0);

        void LedgerIsRight()
        {
            queue.Store.Ledger.Should().HaveCount(Submissions).And.OnlyHaveUniqueItems();
            queue.Counts.Submitted.Should().Be(Submissions);
            queue.Counts.Terminal.Should().Be(Submissions);
        }

        // Stores every commit, and says of each third one that it does not know.
        void CommitSometimesUnanswered()
        {
            while (queue.Queue.TryTakeCommit(out var commit))
            {
                if (++tries % 3 == 0)
                {
                    queue.Store.Apply(new StoreRecord.Commit(commit));
                    queue.Finish(ErrorCode.OutcomeUnknown);
                }
                else queue.Finish(commit);
            }
        }
    }

    [Fact]
    public void LeaseExpiry_WhileItsCompletionIsCommitted_NeverHappens()
    {
        var queue = new QueueHarness();
        var worker = queue.NewWorker();
        var id = queue.Submit();
        var job = queue.Lease(worker);
        var other = queue.Ask(queue.NewWorker());
        queue.Pass(9_900, commits: false);

        var report = queue.Report(worker, job);
        var commit = queue.Take();
        queue.Pass(30_000, commits: false);

        other.IsThere.Should().BeFalse("the job's end is being written");
        report.IsThere.Should().BeFalse("it is not durable yet");
        queue.Finish(commit);
        report.Value.Should().BeEmpty("it is accepted");
        queue.Counts.Leases.Should().Be(1);
        queue.Counts.LostLeases.Should().Be(0);
        queue.StoredEnd(id).Should().Be(JobState.Succeeded);
        queue.Store.Ledger.Should().Equal((id, 1));
    }

    [Fact]
    public void LeaseExpiry_WhileItsCompletionIsRetriedAgainstAnAbsentStore_NeverHappens()
    {
        var queue = new QueueHarness();
        var worker = queue.NewWorker();
        var id = queue.Submit();
        var job = queue.Lease(worker);
        queue.Pass(9_900, commits: false);
        var report = queue.Report(worker, job);

        for (var at = 0; at < 60; at++)
        {
            queue.Take();
            queue.Finish(at % 2 == 0 ? ErrorCode.OutcomeUnknown : ErrorCode.NotDurable);
            queue.Pass(1_000, commits: false);
        }
        queue.Commit();

        report.Value.Should().BeEmpty();
        queue.Counts.Leases.Should().Be(1);
        queue.StoredEnd(id).Should().Be(JobState.Succeeded);
    }
}
