using System.Collections.Concurrent;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;

namespace FaaS.Application.Tests.Queue;

/// <summary>The first of the five mistakes we expect: a commit's timeout treated as failure.</summary>
public sealed class CommitTimeoutTests
{
    private const int Count = 10_000;

    [Fact]
    public async Task EveryThirdCommit_WhenItStoresAndThenTimesOut_LosesAndDoublesNothing()
    {
        await using var parts = await Parts.StartAsync();
        parts.Store.AfterCommit = number => number % 3 == 0 ? new TimeoutException("No answer.") : null;
        JobId[] ids = [.. Enumerable.Range(0, Count).Select(_ => Some.Id())];
        var worker = Guid.NewGuid();
        var runs = new ConcurrentDictionary<JobId, int>();
        using var done = new CancellationTokenSource();

        var work = WorkAsync(parts, worker, runs, done.Token);
        await Parallel.ForEachAsync(ids.Chunk(50), new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (chunk, _) => await SubmitAsync(parts, chunk));
        await Eventually.HoldsAsync(
            async () => (await parts.CountsAsync()).Terminal == Count, TimeSpan.FromSeconds(20));
        await done.CancelAsync();
        await work;

        runs.Should().HaveCount(Count);
        runs.Values.Should().OnlyContain(times => times == 1);
        ids.Should().OnlyContain(id => parts.Store.EndOf(id)!.State == JobState.Succeeded);
        parts.Store.LedgerRows.Should().Be(Count);
        (await parts.CountsAsync()).Should().Match<QueueCounts>(
            counts => counts.IsConserved && counts.Submitted == Count && counts.Leases == Count);

        // While the store is away a deletion is refused, like a submission, and sent again by whoever wants it.
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 512 }, async (id, _) =>
            await Eventually.HoldsAsync(async () =>
            {
                var deleted = await parts.Mediator.Send(new CancelJob(id), CancellationToken.None);
                if (!deleted.IsOk) deleted.Error.Code.Should().Be(ErrorCode.NotDurable);
                return deleted.IsOk;
            }, TimeSpan.FromMinutes(2)));

        parts.Store.Jobs.Should().Be(0);
        parts.Store.LedgerRows.Should().Be(Count);
        parts.Store.ContradictedEnds.Should().Be(0);
        (await parts.Mediator.Send(new GetExecutionTime("ann"))).Value.Wall
            .Should().Be(TimeSpan.FromMilliseconds(2 * Count));
    }

    /// <summary>A client that sends again what was certainly not stored, and nothing else.</summary>
    private static async Task SubmitAsync(Parts parts, IReadOnlyList<JobId> ids)
    {
        for (var left = ids; left.Count > 0;)
        {
            var answer = await parts.Mediator.Send(Some.Enqueue([.. left]));
            if (answer.IsOk)
            {
                left.Zip(answer.Value.Errors).Should().OnlyContain(row => row.Second == null);
                return;
            }
            answer.Error.Code.Should().BeOneOf(ErrorCode.NotDurable, ErrorCode.Unavailable);
            await Task.Yield();
        }
    }

    private static async Task WorkAsync(
        Parts parts, Guid worker, ConcurrentDictionary<JobId, int> runs, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var leased = await parts.Mediator.Send(Some.Lease(worker, max: 256, waitMs: 50), CancellationToken.None);
            if (leased.Value.Jobs.Count == 0) continue;
            foreach (var job in leased.Value.Jobs) runs.AddOrUpdate(job.Job, 1, (_, times) => times + 1);
            var report = new CompleteJobs(worker, [.. leased.Value.Jobs.Select(job => Some.Report(job))]);
            (await parts.Mediator.Send(report, CancellationToken.None)).Value.Stale.Should().BeEmpty();
        }
    }
}
