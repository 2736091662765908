using FaaS.Application.Queue;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Tests.Queue;

/// <summary>Many waits over one parked request, as the queue sees it.</summary>
public sealed class WatchJobsTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private readonly Guid _watcher = Guid.NewGuid();

    [Fact]
    public async Task WatchJobs_WhenJobsEnd_TellsEachOnceUnderItsNumber()
    {
        await using var parts = await Parts.StartAsync();
        var (first, second) = (Some.Id(), Some.Id());
        await parts.Mediator.Send(new EnqueueJobs([Some.Submission(first), Some.Submission(second)]));
        var watch = parts.Mediator.Send(Watch([new(7, first), new(8, second)]));

        await EndAsync(parts, 2);
        var told = (await watch.WaitAsync(Soon)).Value.Jobs.ToList();
        if (told.Count < 2) told.AddRange((await parts.Mediator.Send(Watch([])).WaitAsync(Soon)).Value.Jobs);
        var rest = await parts.Mediator.Send(Watch([], waitMs: 0)).WaitAsync(Soon);

        told.Select(job => (job.Number, job.Known, job.End?.Id)).Should().BeEquivalentTo(
            [(7L, true, (JobId?)first), (8L, true, (JobId?)second)]);
        rest.Value.Jobs.Should().BeEmpty();
    }

    [Fact]
    public async Task WatchJobs_WhenTheQueueDoesNotHoldAJob_SaysSoAtOnce()
    {
        await using var parts = await Parts.StartAsync();

        var answer = await parts.Mediator.Send(Watch([new(1, Some.Id())])).WaitAsync(Soon);

        answer.Value.Jobs.Should().Equal(new WatchedJob(1, false, null));
    }

    [Fact]
    public async Task WatchJobs_WhenANewerOneComes_TheOlderEndsAndNothingIsForgotten()
    {
        await using var parts = await Parts.StartAsync();
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        var older = parts.Mediator.Send(Watch([new(1, id)]));
        await parts.CountsAsync();

        var newer = parts.Mediator.Send(Watch([]));
        (await older.WaitAsync(Soon)).Value.Jobs.Should().BeEmpty();
        await EndAsync(parts, 1);

        (await newer.WaitAsync(Soon)).Value.Jobs.Single().Number.Should().Be(1);
    }

    [Fact]
    public async Task WatchJobs_OfADroppedNumber_SaysNothing_AndOfTheSameJobUnderAnotherNumberDoes()
    {
        await using var parts = await Parts.StartAsync();
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        await parts.Mediator.Send(Watch([new(1, id)], waitMs: 0));
        var watch = parts.Mediator.Send(new WatchJobs(_watcher, [new(2, id)], [1], 20_000));

        await EndAsync(parts, 1);

        (await watch.WaitAsync(Soon)).Value.Jobs.Select(job => job.Number).Should().Equal(2);
    }

    [Fact]
    public async Task WatchJobs_NamedTwice_IsToldOnce()
    {
        await using var parts = await Parts.StartAsync();
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        await parts.Mediator.Send(Watch([new(1, id)], waitMs: 0));
        var watch = parts.Mediator.Send(Watch([new(1, id)]));

        await EndAsync(parts, 1);

        (await watch.WaitAsync(Soon)).Value.Jobs.Should().ContainSingle();
    }

    [Fact]
    public async Task Stopping_WhenJobsAreWatched_EndsTheWatch()
    {
        await using var parts = await Parts.StartAsync();
        var id = Some.Id();
        await parts.Mediator.Send(Some.Enqueue(id));
        var watch = parts.Mediator.Send(Watch([new(1, id)]));
        await parts.CountsAsync();

        parts.Lifetime.BeginStopping();

        (await watch.WaitAsync(Soon)).IsOk.Should().BeTrue();
    }

    private WatchJobs Watch(JobToWatch[] add, int waitMs = 20_000) => new(_watcher, add, [], waitMs);

    /// <summary>Leases and ends as many jobs.</summary>
    private static async Task EndAsync(Parts parts, int jobs)
    {
        var worker = Guid.NewGuid();
        var leases = new List<LeasedJob>();
        while (leases.Count < jobs)
        {
            var held = leases.Select(lease => new HeldLease(lease.Job, lease.Token, true)).ToArray();
            leases.AddRange((await parts.Mediator.Send(new LeaseJobs(worker, 4, 8, 4, 5_000, held))).Value.Jobs);
        }
        await parts.Mediator.Send(new CompleteJobs(worker, [.. leases.Select(lease => Some.Report(lease))]));
    }
}
