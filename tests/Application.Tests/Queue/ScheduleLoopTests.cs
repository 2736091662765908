using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Queue;

public sealed class ScheduleLoopTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 10, 0, 30, TimeSpan.Zero);

    private static readonly ScheduleDefinition EveryMinute = new("* * * * *", "UTC", MissedRuns.All, "[1,2]"u8.ToArray());

    private readonly FakeTimeProvider _time = new(Start);

    [Fact]
    public async Task Run_IsMadeWhenItIsDue_OnceAMinute()
    {
        await using var parts = await StartAsync();
        await PutAsync(parts);
        using var loop = await LoopAsync(parts);

        var first = await LastAsync(parts, Start.AddSeconds(30));
        var second = await LastAsync(parts, Start.AddSeconds(90));

        first.Refusal.Should().BeNull();
        second.Job.Should().NotBe(first.Job!.Value);
        (await parts.CountsAsync()).Queued.Should().Be(2);
        await loop.StopAsync(default);
    }

    [Fact]
    public async Task Run_ThatWasMadeButNotNoted_IsNotMadeTwice()
    {
        await using var parts = await StartAsync();
        await PutAsync(parts);
        _time.Advance(TimeSpan.FromMinutes(3));
        var due = (await Mediator(parts).Send(new ListDueRuns())).Value.Schedules.Single();
        due.Runs.Should().HaveCount(3);
        // As a queue does that is killed before it can say so.
        var made = due.Runs.Select(run => new JobSubmission(
            ScheduleLoop.IdOf(due.Generation, due.FunctionId, run), "ann", "add", Body.Of(due.Arguments), 1));
        (await Mediator(parts).Send(new EnqueueJobs([.. made]))).Value.Errors.Should().OnlyContain(error => error == null);

        using var loop = await LoopAsync(parts);
        await LastAsync(parts, Start.AddSeconds(150));

        (await parts.CountsAsync()).Queued.Should().Be(3);
        (await Mediator(parts).Send(new ListDueRuns())).Value.Schedules.Should().BeEmpty();
        await loop.StopAsync(default);
    }

    [Fact]
    public async Task Run_WhileTheStoreIsAway_StaysDue()
    {
        await using var parts = await StartAsync();
        await PutAsync(parts);
        parts.Store.Down = new Error(ErrorCode.NotDurable, "Away.");
        using var loop = await LoopAsync(parts);
        _time.Advance(TimeSpan.FromMinutes(2));

        parts.Store.Down = null;

        await LastAsync(parts, Start.AddSeconds(90));
        (await parts.CountsAsync()).Queued.Should().Be(2);
        await loop.StopAsync(default);
    }

    [Fact]
    public async Task Run_ThatIsRefused_IsSaid_AndTheNextOneIsAnother()
    {
        await using var parts = await StartAsync("Quotas:QueuedJobs=1");
        await PutAsync(parts);
        _time.Advance(TimeSpan.FromMinutes(2));

        using var loop = await LoopAsync(parts);
        var last = await LastAsync(parts, Start.AddSeconds(90));

        last.Job.Should().BeNull();
        last.Refusal.Should().Contain("may have no more than 1");
        (await parts.CountsAsync()).Queued.Should().Be(1);
        await loop.StopAsync(default);
    }

    [Fact]
    public void Ids_AreOfTheFunctionAndTheInstant()
    {
        var id = ScheduleLoop.IdOf(1, 2, 1_795_478_400_000);

        id.Should().Be(ScheduleLoop.IdOf(1, 2, 1_795_478_400_000));
        id.ToString().Should().StartWith("6b04d380", "it begins with its second, as each id does");
        new[] { ScheduleLoop.IdOf(2, 2, 1_795_478_400_000), ScheduleLoop.IdOf(1, 3, 1_795_478_400_000), ScheduleLoop.IdOf(1, 2, 1_795_478_460_000) }
            .Should().OnlyHaveUniqueItems().And.NotContain(id);
    }

    private Task<Parts> StartAsync(params string[] settings) => Parts.StartAsync(time: _time, settings: settings);

    private static IMediator Mediator(Parts parts) => parts.Server.GetRequiredService<IMediator>();

    private static async Task PutAsync(Parts parts) =>
        (await Mediator(parts).Send(new PutSchedule("ann", "add", EveryMinute))).Error.Should().BeNull();

    private static async Task<ScheduleLoop> LoopAsync(Parts parts)
    {
        var loop = parts.Server.GetServices<IHostedService>().OfType<ScheduleLoop>().Single();
        await loop.StartAsync(default);
        return loop;
    }

    /// <summary>Lets the clock run until the run that was due at an instant has been noted.</summary>
    private async Task<ScheduledRun> LastAsync(Parts parts, DateTimeOffset dueAt)
    {
        ScheduledRun? last = null;
        await Eventually.HoldsAsync(async () =>
        {
            // On past the instant by small steps: the loop may wait for another try, and the next run is not to come in between.
            if (_time.GetUtcNow() < dueAt) _time.Advance(TimeSpan.FromSeconds(1));
            else if (_time.GetUtcNow() < dueAt.AddSeconds(59)) _time.Advance(TimeSpan.FromMilliseconds(50));
            last = (await Mediator(parts).Send(new GetSchedule("ann", "add"))).Value?.Schedule?.Last;
            return last?.DueAtMs == dueAt.ToUnixTimeMilliseconds();
        });
        return last!;
    }
}
