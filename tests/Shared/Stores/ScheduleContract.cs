using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Schedules: one a function, due in order, moved on by whoever saw what was due, gone with the function.</summary>
public abstract class ScheduleContract : StoreContract
{
    private const long Minute = 60_000;

    private static readonly ScheduleDefinition Hourly = new("0 * * * *", "UTC", MissedRuns.Latest, "[1,\"☃\"]"u8.ToArray());

    private static readonly ScheduleDefinition Daily = new("0 4 * * *", "Europe/Madrid", MissedRuns.All, "[]"u8.ToArray());

    private IScheduleStore Schedules => Stores.Schedules;

    [Fact]
    public async Task Put_IsFound_AndTheSameAgainChangesNothing()
    {
        var generation = await RegisterAsync();
        (await Schedules.FindAsync(User, Function, default)).Value.Should().BeNull();

        var put = await PutAsync(Hourly, NowMs + Minute);
        (await PutAsync(Hourly with { Arguments = [.. Hourly.Arguments] }, NowMs + (2 * Minute))).Revision.Should().Be(1);

        (put.Of.Generation, put.Of.User, put.Of.Function).Should().Be((generation, User, Function));
        var found = (await Schedules.FindAsync(User, Function, default)).Value!;
        found.Of.Should().Be(put.Of);
        (found.Revision, found.NextAtMs, found.Last).Should().Be((1, NowMs + Minute, null));
        found.Definition.IsLike(Hourly).Should().BeTrue();
        var next = await PutAsync(Daily, NowMs + (3 * Minute));
        (next.Revision, next.NextAtMs, next.Definition.IsLike(Daily)).Should().Be((2, NowMs + (3 * Minute), true));
    }

    [Fact]
    public async Task Put_OfWhatIsNotThere_IsRefused()
    {
        await RegisterAsync();

        ShouldFail(await Schedules.PutAsync("nobody", Function, Hourly, NowMs, Unnoted.Note(), default), ErrorCode.UserNotFound);
        ShouldFail(await Schedules.PutAsync(User, "nothing", Hourly, NowMs, Unnoted.Note(), default), ErrorCode.FunctionNotFound);
        ShouldFail(await Schedules.FindAsync(User, "nothing", default), ErrorCode.FunctionNotFound);
        ShouldFail(await Schedules.DeleteAsync("nobody", Function, Unnoted.Note(), default), ErrorCode.UserNotFound);
        ShouldFail(await Schedules.ListAsync("nobody", "", 10, default), ErrorCode.UserNotFound);
    }

    [Fact]
    public async Task Note_MovesOn_ButNotWhatWasSetOrMovedMeanwhile()
    {
        await RegisterAsync();
        var put = await PutAsync(Hourly, NowMs);
        var run = new ScheduledRun(NowMs, new(7, 8), null);
        var note = new NotedRun(put.Of.FunctionId, 1, NowMs, NowMs + Minute, run);

        (await Schedules.NoteAsync([note], default)).Value.Should().Be(1);
        (await Schedules.NoteAsync([note], default)).Value.Should().Be(0, "it has been moved on");

        var moved = (await Schedules.FindAsync(User, Function, default)).Value!;
        (moved.Revision, moved.NextAtMs, moved.Last).Should().Be((1, NowMs + Minute, run));
        await Schedules.NoteAsync([note with { DueAtMs = NowMs + Minute, NextAtMs = NowMs + (2 * Minute), Last = null }], default);
        (await Schedules.FindAsync(User, Function, default)).Value!.Last.Should().Be(run, "nothing ran since");
        await PutAsync(Daily, NowMs + (2 * Minute));
        (await Schedules.NoteAsync([note with { DueAtMs = NowMs + (2 * Minute), NextAtMs = FarMs }], default)).Value.Should().Be(0);
        (await Schedules.FindAsync(User, Function, default)).Value!.Last.Should().Be(run, "what it last did stays known");
    }

    [Fact]
    public async Task Due_ComesInItsOrder_ByPages_AndWhatIsLaterDoesNot()
    {
        await RegisterAsync();
        foreach (var (name, minutes) in new[] { ("a", 2), ("b", 1), ("c", 1), ("d", 0), ("e", 3) })
        {
            await Functions.RegisterAsync(User, name, Utf8("() => 1"), NowMs, FunctionBounds.None, default);
            await Schedules.PutAsync(User, name, Hourly, NowMs + (minutes * Minute), Unnoted.Note(), default);
        }

        var seen = new List<Schedule>();
        while (true)
        {
            var after = seen.Count == 0 ? (0L, 0L) : (seen[^1].NextAtMs, seen[^1].Of.FunctionId);
            var page = (await Schedules.ListDueAsync(NowMs + (2 * Minute), after.Item1, after.Item2, 2, default)).Value;
            seen.AddRange(page);
            if (page.Count < 2) break;
        }

        seen.Select(row => row.Of.Function).Should().Equal("d", "b", "c", "a");
        var list = (await Schedules.ListAsync(User, "a", 2, default)).Value;
        list.Schedules.Select(row => row.Of.Function).Should().Equal("b", "c");
        list.More.Should().BeTrue();
        (await Schedules.ListAsync(User, "c", 2, default)).Value.More.Should().BeFalse();
    }

    [Fact]
    public async Task Schedule_IsGoneWithItself_ItsFunctionOrItsOwner()
    {
        await RegisterAsync();
        await PutAsync(Hourly, NowMs);
        (await Schedules.DeleteAsync(User, Function, Unnoted.Note(), default)).Value.Should().BeTrue();
        (await Schedules.DeleteAsync(User, Function, Unnoted.Note(), default)).Value.Should().BeFalse();
        (await DueAsync()).Should().BeEmpty();

        await PutAsync(Hourly, NowMs);
        await Functions.DeleteAsync(User, Function, Unnoted.Note(), default);
        (await DueAsync()).Should().BeEmpty();
        await Functions.RegisterAsync(User, Function, Utf8("() => 2"), NowMs, FunctionBounds.None, default);
        (await Schedules.FindAsync(User, Function, default)).Value.Should().BeNull();

        await PutAsync(Hourly, NowMs);
        await RegisterAsync();
        (await DueAsync()).Should().BeEmpty();
        (await Schedules.FindAsync(User, Function, default)).Value.Should().BeNull();
    }

    private async Task<IReadOnlyList<Schedule>> DueAsync() => (await Schedules.ListDueAsync(FarMs, 0, 0, 10, default)).Value;

    private async Task<Schedule> PutAsync(ScheduleDefinition definition, long nextAtMs)
    {
        var put = await Schedules.PutAsync(User, Function, definition, nextAtMs, Unnoted.Note(), default);
        put.Error.Should().BeNull();
        return put.Value;
    }
}
