using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Stores;

/// <summary>What is used of quotas: by name, over all its generations, by day and month of UTC.</summary>
public abstract class UsageContract : StoreContract
{
    /// <summary>2026-11-24.</summary>
    private static readonly long Today = NowMs / Days.Ms;

    [Fact]
    public async Task Time_OfWhoUsedNothing_IsZero()
    {
        await RegisterAsync();

        (await SumAsync(User)).Should().Be(new ExecutedTime(0, 0));
        (await SumAsync("nobody")).Should().Be(new ExecutedTime(0, 0));
        (await SumAllAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Time_IsOfTheDayAndItsMonth()
    {
        await RegisterAsync();
        await RunAsync(1, NowMs);
        await RunAsync(2, NowMs + Days.Ms - 1);
        await RunAsync(4, NowMs - 1);
        await RunAsync(8, NowMs - (23 * Days.Ms));
        await RunAsync(16, NowMs - (23 * Days.Ms) - 1);
        await RunAsync(32, NowMs + (6 * Days.Ms) + Days.Ms - 1);
        await RunAsync(64, NowMs + (7 * Days.Ms));

        (await SumAsync(User)).Should().Be(new ExecutedTime(3, 1 + 2 + 4 + 8 + 32));
        (await SumAsync(User, Today - 24)).Should().Be(new ExecutedTime(16, 16));
        (await SumAsync(User, Today + 7)).Should().Be(new ExecutedTime(64, 64));
    }

    [Fact]
    public async Task Time_IsOfAllGenerationsOfTheName()
    {
        await RegisterAsync();
        await RunAsync(1, NowMs);
        await RegisterAsync();
        await RunAsync(2, NowMs);
        await RegisterAsync("bob");
        await RunAsync(4, NowMs, "bob");
        await Users.CloseAsync("bob", default);

        (await SumAsync(User)).Should().Be(new ExecutedTime(3, 3));
        (await SumAsync("bob")).Should().Be(new ExecutedTime(4, 4));
        (await SumAllAsync()).Should().BeEquivalentTo(new Dictionary<string, ExecutedTime>
        {
            [User] = new(3, 3), ["bob"] = new(4, 4),
        });
    }

    [Fact]
    public async Task Time_OfJobsThatRetentionRemoved_Stays()
    {
        await RegisterAsync();
        await RunAsync(1, NowMs);
        await RunAsync(2, NowMs + 50);
        await SweepAllAsync(NowMs + 20, 0);
        await RunAsync(4, NowMs + 60);

        (await SumAsync(User)).Should().Be(new ExecutedTime(7, 7));
        (await SumAllAsync())[User].Should().Be(new ExecutedTime(7, 7));
    }

    [Fact]
    public async Task StoredBytes_AreArgumentsResultsAndLogs()
    {
        await RegisterAsync();
        await RegisterAsync("bob");
        var job = NewJob(arguments: "[1,2]");
        await AddAsync(job, NewJob("bob", arguments: "[]"));

        (await StoredAsync()).Should().BeEquivalentTo(new Dictionary<string, long> { [User] = 5, ["bob"] = 2 });
        var end = Succeed(job, "300");
        await EndAsync(end with { End = end.End with { Logs = Body.Of(Utf8("[{}]")) } });
        (await StoredAsync())[User].Should().Be(5 + 3 + 4);

        await StoreAsync(Commit(deleted: [job.Submission.Id]));
        (await StoredAsync()).Should().NotContainKey(User);
    }

    [Fact]
    public async Task StoredBytes_HaveLargeBodiesToo()
    {
        await RegisterAsync();
        var (arguments, value) = (Guid.NewGuid(), Guid.NewGuid());
        await Jobs.StorePayloadAsync(arguments, new byte[20_000], NowMs, default);
        await Jobs.StorePayloadAsync(value, new byte[30_000], NowMs, default);
        var (job, other) = (NewJob(body: new Body(null, arguments)), NewJob(body: new Body(null, arguments)));
        await AddAsync(job, other);
        (await StoredAsync())[User].Should().Be(40_000, "it counts for each job that refers to it");

        var end = Succeed(job);
        await EndAsync(end with { End = end.End with { Value = new Body(null, value) } });
        (await StoredAsync())[User].Should().Be(70_000);

        await StoreAsync(Commit(deleted: [job.Submission.Id]));
        (await StoredAsync())[User].Should().Be(20_000);
    }

    [Fact]
    public async Task StoredBytes_OfAClosedGeneration_CountUntilTheyGo()
    {
        await RegisterAsync();
        var job = await AddedAsync("[1]");
        await EndAsync(Succeed(job, "3"));
        await RegisterAsync();
        await AddedAsync("[22]");

        (await StoredAsync())[User].Should().Be(3 + 1 + 4);
        await SweepAllAsync(NowMs + 21, 0);
        (await StoredAsync())[User].Should().Be(4);
    }

    [Fact]
    public async Task Functions_AreCountedWithTheirCurrentSources()
    {
        ShouldFail(await Stores.Usage.SumFunctionsAsync("nobody", default), ErrorCode.UserNotFound);
        await RegisterAsync(source: "() => 1");
        await Functions.RegisterAsync(User, "b", Utf8("() => 1"), NowMs, FunctionBounds.None, default);
        await Functions.RegisterAsync(User, "b", Utf8("() => 'ü'"), NowMs, FunctionBounds.None, default);
        await Functions.RegisterAsync(User, "c", Utf8("() => 3"), NowMs, FunctionBounds.None, default);
        await Functions.DeleteAsync(User, "c", default);

        (await Stores.Usage.SumFunctionsAsync(User, default)).Value.Should().Be(new FunctionHoldings(2, 7 + 10));
        await Users.RegisterAsync(User, NowMs, default);
        (await Stores.Usage.SumFunctionsAsync(User, default)).Value.Should().Be(new FunctionHoldings(0, 0));
    }

    [Fact]
    public async Task Ledger_IsSummedByFunctionAndDay_AndAllOfItIsTheTime()
    {
        await RegisterAsync();
        await Functions.RegisterAsync(User, "zeta", Utf8("() => 1"), NowMs, FunctionBounds.None, default);
        await RunAsync(1, NowMs);
        await RunAsync(2, NowMs + 50);
        await RunAsync(4, NowMs - 1);
        await RunAsync(8, NowMs + 60, function: "zeta");
        await RegisterAsync("bob");
        await RunAsync(16, NowMs, "bob");
        // What retention removes counts on, and so does what a deleted function used.
        await SweepAllAsync(NowMs + 20, 0);
        await Functions.DeleteAsync(User, "zeta", default);

        (await LedgerAsync(true, true)).Should().Equal(
            (Today - 1, Function, 1, 4), (Today, Function, 2, 3), (Today, "zeta", 1, 8));
        (await LedgerAsync(true, false)).Should().Equal((0, Function, 3, 7), (0, "zeta", 1, 8));
        (await LedgerAsync(false, true)).Should().Equal((Today - 1, "", 1, 4), (Today, "", 3, 11));
        (await LedgerAsync(false, false)).Should().Equal((0, "", 4, 15));
        (await LedgerAsync(true, true, first: Today)).Should().Equal((Today, Function, 2, 3), (Today, "zeta", 1, 8));
        (await LedgerAsync(true, true, first: Today, after: new UsageKey(Today, Function))).Should().Equal((Today, "zeta", 1, 8));
        (await SumUsAsync()).Should().Be(15);
        ShouldFail(await Stores.Usage.ListAsync(new UsageQuery("nobody", 0, Today, true, true), default), ErrorCode.UserNotFound);
    }

    private async Task<IEnumerable<(long Day, string Function, long Invocations, long WallUs)>> LedgerAsync(
        bool byFunction, bool byDay, long first = 0, UsageKey? after = null)
    {
        var page = (await Stores.Usage.ListAsync(new UsageQuery(User, first, Today, byFunction, byDay, after), default)).Value;
        page.More.Should().BeFalse();
        return page.Sums.Select(sum => (sum.Key.Day, sum.Key.Function, sum.Invocations, (long)sum.Wall.TotalMicroseconds));
    }

    /// <summary>A job that ran for so long and ended then.</summary>
    private async Task RunAsync(long wallUs, long endedAtMs, string user = User, string function = Function)
    {
        var job = NewJob(user, function);
        (await AddAsync(job)).New[0].Status.Should().Be(WriteStatus.Stored);
        await EndAsync(Succeed(job, wallUs: wallUs, endedAtMs: endedAtMs));
    }

    private async Task<ExecutedTime> SumAsync(string user, long? day = null) =>
        (await Stores.Usage.SumTimeAsync(user, day ?? Today, default)).Value;

    private async Task<IReadOnlyDictionary<string, ExecutedTime>> SumAllAsync() =>
        (await Stores.Usage.SumTimesAsync(Today, default)).Value;

    private async Task<IReadOnlyDictionary<string, long>> StoredAsync() =>
        (await Stores.Usage.SumStoredBytesAsync(default)).Value;
}
