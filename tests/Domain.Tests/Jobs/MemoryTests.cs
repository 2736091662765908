using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>What the queue holds in memory. Nothing else may run meanwhile, or it would be measured too.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests(ITestOutputHelper output)
{
    private const int Million = 1_000_000;

    [Fact]
    public void Restore_OfAMillionJobs_TakesLessThan250BytesEach()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var queue = new JobQueue(new QueueRules { AdoptionMs = 0 }, 1, 0, new LeaseSealer(new byte[LeaseSealer.KeySize]), 1, new QueueTime(1, 1));

        Fill(queue);

        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Million;
        output.WriteLine($"{bytes:F0} bytes a job");
        bytes.Should().BeLessThan(250);
        queue.Counts().Queued.Should().Be(Million);
        GC.KeepAlive(queue);
    }

    [Fact]
    public void Lease_BehindAMillionJobs_AllocatesNoMoreThanBehindTen()
    {
        var behindTen = AllocatedByLeasing(10);
        var behindAMillion = AllocatedByLeasing(Million);

        // Structures that had to grow or be walked with the backlog would show here, whatever the machine's speed.
        behindAMillion.Should().BeLessThan((long)(behindTen * 1.2) + 1_000);
    }

    [Fact]
    public void Wait_WhenAnswered_IsNotKeptUntilItsDeadline()
    {
        var queue = new QueueHarness();
        WaitAndEnd(2_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        WaitAndEnd(40_000);

        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        kept.Should().BeLessThan(1_000_000);
        GC.KeepAlive(queue);

        void WaitAndEnd(int count)
        {
            for (var at = 0; at < count; at++)
            {
                var submission = queue.Submission();
                queue.Queue.Enqueue([submission], new Nobody<IReadOnlyList<Error?>>(), queue.Now);
                queue.Queue.Wait(submission.Id, queue.Now.MonotonicMs + 60_000, new Nobody<JobEnd?>(), queue.Now);
                queue.Queue.TryTakeCommit(out _);
                queue.Queue.CommitFinished(new Error(ErrorCode.NotDurable, "Nothing was stored."), queue.Now);
                queue.Jump(queue.Rules.StoreRetryMs);
            }
        }
    }

    [Fact]
    public void Wait_WhenPolledForDays_IsNotCollectedAtItsJob()
    {
        var queue = new QueueHarness();
        var id = queue.Submit(delayMs: 1_000_000_000);
        Poll(100);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        Poll(40_000);

        (GC.GetTotalMemory(forceFullCollection: true) - before).Should().BeLessThan(1_000_000);
        GC.KeepAlive(queue);

        void Poll(int count)
        {
            for (var at = 0; at < count; at++)
            {
                queue.Queue.Wait(id, queue.Now.MonotonicMs + 100, new Nobody<JobEnd?>(), queue.Now);
                queue.Jump(200);
                queue.Queue.Tick(queue.Now);
            }
        }
    }

    [Fact]
    public void GiveBack_OfAJobWithATimeToLive_DoesNotPileUpItsDeadlines()
    {
        var queue = new QueueHarness();
        var worker = queue.NewWorker();
        queue.Submit(ttlMs: 1_000_000_000);
        Bounce(2_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        Bounce(40_000);

        (GC.GetTotalMemory(forceFullCollection: true) - before).Should().BeLessThan(1_000_000);
        GC.KeepAlive(queue);

        void Bounce(int count)
        {
            for (var at = 0; at < count; at++) queue.Abandon(worker, false, queue.Lease(worker));
        }
    }

    private static void Fill(JobQueue queue, int count = Million)
    {
        var binding = new FunctionBinding(1, 1, 1, "ann", "f", 1, new SourceHash("x"), FunctionLimits.Default);
        for (uint at = 1; at <= count; at++)
            queue.Restore(new UnfinishedJob(new JobId(1, at), at, binding, default, 1, 0, 0, false), new QueueTime(1, 1));
    }

    private static long AllocatedByLeasing(int backlog)
    {
        var queue = new JobQueue(new QueueRules { AdoptionMs = 0 }, 1, 0, new LeaseSealer(new byte[LeaseSealer.KeySize]), 1, new QueueTime(1, 1));
        Fill(queue, backlog + 1_000);
        var worker = new Guid(1, 0, 0, new byte[8]);
        Lease(10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Lease(900);
        return GC.GetAllocatedBytesForCurrentThread() - before;

        void Lease(int count)
        {
            for (var at = 0; at < count; at++)
            {
                queue.LeaseJobs(worker, 1, 1, 1, 100, [], new Nobody<LeaseGrant>(), new QueueTime(1, 1));
                queue.Dispatch(new QueueTime(1, 1));
            }
        }
    }

    private sealed class Nobody<T> : IReply<T>
    {
        public void Reply(Result<T> answer)
        {
        }
    }
}
