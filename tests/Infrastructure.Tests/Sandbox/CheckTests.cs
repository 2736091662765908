using System.Text;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>Checks cost nobody anything, so that they must not cost others their runs.</summary>
[Collection(SandboxCollection.Name)]
public sealed class CheckTests(SandboxFixture sandbox)
{
    private static readonly byte[] Endless = "(() => { for (;;); })()"u8.ToArray();
    private static readonly byte[] Greedy = "'x'.repeat(5e8)"u8.ToArray();
    private static readonly byte[] Good = "() => 1"u8.ToArray();

    [Fact]
    public async Task Check_WhenManyUsersSendEndlessSources_RunsDoNotWaitForThem()
    {
        await using SandboxPool pool = await PoolTests.WarmPoolAsync(new() { Slots = 2, Warm = 2 });
        Task<SourceCheck>[] checks = [.. Enumerable.Range(0, 10).Select(i =>
            pool.CheckAsync($"other{i}", Endless, CancellationToken.None))];

        // Both slots at a time: each run waits until the other one has begun.
        AttemptResult[] results = await Task.WhenAll(Enumerable.Range(0, 2).Select(i => pool.RunAsync(
            SandboxFixture.Call("() => new Promise(r => setTimeout(r, 20, 'ran'))", owner: i), CancellationToken.None)));

        results.Should().OnlyContain(result => result.Text() == "ran");
        checks.Count(check => !check.IsCompleted).Should().BeGreaterThan(5);
    }

    [Fact]
    public async Task Check_WhenOneChildIsReady_LeavesItToRuns()
    {
        await using SandboxPool pool = await PoolTests.WarmPoolAsync(new() { Slots = 1, Warm = 1, Spares = 0 });
        Task<SourceCheck> check = pool.CheckAsync("ann", Endless, CancellationToken.None);

        pool.IdleChildren.Should().Be(1);
        AttemptResult run = await pool.RunAsync(SandboxFixture.Call("() => 1"), CancellationToken.None);

        run.Text().Should().Be("1");
        (await check).Message.Should().StartWith("The source took longer");
    }

    [Fact]
    public async Task Check_WhoseCallerGivesUp_CostsNoChild()
    {
        await using SandboxPool pool = await PoolTests.WarmPoolAsync(new() { Slots = 1, Warm = 1 });
        int[] children = PoolTests.ChildrenOfThisProcess();
        using var stop = new CancellationTokenSource();
        byte[] slow = "(() => { const end = Date.now() + 50; while (Date.now() < end); return () => 1 })()"u8.ToArray();
        Task<SourceCheck> running = pool.CheckAsync("ann", slow, stop.Token);
        Task<SourceCheck> waiting = pool.CheckAsync("ann", Endless, stop.Token);

        await stop.CancelAsync();

        (await waiting).Message.Should().Be("The check was cancelled.");
        (await running).IsFunction.Should().BeTrue();
        PoolTests.ChildrenOfThisProcess().Should().Contain(children);
    }

    [Fact]
    public async Task Check_OfAUserWhoHasManyWaiting_IsRefused()
    {
        await using SandboxPool pool = await PoolTests.WarmPoolAsync(new() { Slots = 1, Warm = 1 });
        using var stop = new CancellationTokenSource();
        Task<SourceCheck>[] taken = [.. Enumerable.Range(0, 5).Select(_ => pool.CheckAsync("ann", Endless, stop.Token))];

        SourceCheck refused = await pool.CheckAsync("ann", Good, stop.Token);
        Task<SourceCheck> other = pool.CheckAsync("bob", Good, CancellationToken.None);

        refused.PlatformFailed.Should().BeTrue();
        refused.RetryAfterSeconds.Should().BePositive();
        refused.Message.Should().Contain("of this user");
        (await other).IsFunction.Should().BeTrue("it is bob's turn after the one that runs");
        taken.Count(check => check.IsCompleted).Should().BeLessThan(4);
        await stop.CancelAsync();
    }

    [Fact]
    public async Task Check_OfAUserWhoseSourcesDestroyedThreeChildren_IsRefusedForAWhile()
    {
        await using SandboxPool pool = await PoolTests.WarmPoolAsync(new() { Slots = 2, Warm = 1 });
        for (int i = 0; i < 3; i++)
            (await pool.CheckAsync("ann", Greedy, CancellationToken.None)).Message.Should().Contain("too much memory");

        SourceCheck refused = await pool.CheckAsync("ann", Good, CancellationToken.None);
        SourceCheck other = await pool.CheckAsync("bob", Good, CancellationToken.None);

        refused.PlatformFailed.Should().BeTrue();
        refused.RetryAfterSeconds.Should().BeInRange(1, 60);
        other.IsFunction.Should().BeTrue();
        pool.SlotsFor("ann").Should().Be(1);
    }

    [Theory]
    [InlineData("(() => { throw new Error('early') })()", "Error: early", 1)]
    [InlineData("(() => {\n  null.x\n})()", "TypeError: ", 2)]
    [InlineData("(() => {\r\r  null.x })()", "TypeError: ", 3)]
    [InlineData("\n\nmissing", "ReferenceError: missing is not defined", 3)]
    public async Task Check_WhenTheSourceFails_PointsToWhere(string source, string message, int line)
    {
        SourceCheck check = await sandbox.CheckAsync(Encoding.UTF8.GetBytes(source));

        check.Message.Should().StartWith("The source failed when it was evaluated: " + message);
        check.Line.Should().Be(line);
        check.Column.Should().BePositive();
    }

    [Fact]
    public async Task Check_WhenTheSourceNestsTooDeeply_PointsToWhereTheParserGaveUp()
    {
        string source = "() => 1 +\n" + new string('[', 200 << 10);

        SourceCheck check = await sandbox.CheckAsync(Encoding.UTF8.GetBytes(source));

        check.Message.Should().Be("The source is nested too deeply to be compiled.");
        check.Line.Should().Be(2);
        check.Column.Should().BeGreaterThan(100);
    }

    [Fact]
    public async Task Check_OfAUserWhoseRunsDestroyedThreeChildren_IsTaken()
    {
        // What is registered may be the repair.
        await using SandboxPool pool = await PoolTests.WarmPoolAsync(new() { Slots = 2, Warm = 1 });
        for (int i = 0; i < 3; i++)
            await pool.RunAsync(SandboxFixture.Call("() => 'x'.repeat(5e8)", user: "ann"), CancellationToken.None);

        (await pool.CheckAsync("ann", Good, CancellationToken.None)).IsFunction.Should().BeTrue();
    }
}
