using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Queue;

public sealed class QueueUpkeepTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Round_WhenTheStoreHasAJobTheQueueLacks_AdoptsIt()
    {
        await using var parts = await Parts.StartAsync();
        using var upkeep = await StartAsync(parts, new Interceptor(parts.Mediator));
        var id = Some.Id();
        parts.Store.Plant(Some.Submission(id));

        await MinutesUntilAsync(async () => (await parts.CountsAsync()).Restored == 1);

        (await parts.Mediator.Send(new DescribeJob(id))).Value.Known.Should().BeTrue();
        await upkeep.StopAsync(default);
    }

    [Fact]
    public async Task Round_WhenTheStrangerHasEndedMeanwhile_LeavesItAlone()
    {
        await using var parts = await Parts.StartAsync();
        var confirmations = 0;
        var mediator = new Interceptor(parts.Mediator).On<LoadUnfinished>(request =>
        {
            if (request.Max != 1) return Task.FromResult<object?>(null);
            confirmations++;
            return Task.FromResult<object?>(Result<UnfinishedJobs>.Ok(new UnfinishedJobs([], false)));
        });
        using var upkeep = await StartAsync(parts, mediator);
        parts.Store.Plant(Some.Submission());

        await MinutesUntilAsync(() => Task.FromResult(Volatile.Read(ref confirmations) >= 2));

        (await parts.CountsAsync()).Restored.Should().Be(0);
        await upkeep.StopAsync(default);
    }

    [Fact]
    public async Task Round_WhenAnOwnerWasClosedAndNobodySaid_CancelsItsJobs()
    {
        await using var parts = await Parts.StartAsync();
        JobId[] ids = [Some.Id(), Some.Id()];
        await parts.Mediator.Send(Some.Enqueue(ids));
        using var upkeep = await StartAsync(parts, new Interceptor(parts.Mediator));
        await parts.Mediator.Send(new DeleteUser("ann"));

        await MinutesUntilAsync(() => Task.FromResult(
            Array.TrueForAll(ids, id => parts.Store.EndOf(id)?.State == JobState.Cancelled)));

        parts.Store.LedgerRows.Should().Be(0);
        (await parts.CountsAsync()).IsConserved.Should().BeTrue();
        await upkeep.StopAsync(default);
    }

    [Fact]
    public async Task Round_WhenItThrows_TheNextOneIsMade()
    {
        await using var parts = await Parts.StartAsync();
        var rounds = 0;
        var mediator = new Interceptor(parts.Mediator).On<ListClosedOwners>(_ =>
            Interlocked.Increment(ref rounds) == 1 ? throw new TimeoutException("No answer.") : Task.FromResult<object?>(null));
        using var upkeep = await StartAsync(parts, mediator);
        parts.Store.Plant(Some.Submission());

        await MinutesUntilAsync(async () => (await parts.CountsAsync()).Restored == 1);

        rounds.Should().BeGreaterThan(1);
        await upkeep.StopAsync(default);
    }

    private async Task<QueueUpkeep> StartAsync(Parts parts, Interceptor mediator)
    {
        var upkeep = new QueueUpkeep(mediator, parts.Loop, _time, NullLogger<QueueUpkeep>.Instance);
        await upkeep.StartAsync(default);
        return upkeep;
    }

    private Task MinutesUntilAsync(Func<Task<bool>> condition) => Eventually.HoldsAsync(() =>
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        return condition();
    });
}
