using System.Diagnostics;
using System.Text;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox;
using FaaS.Infrastructure.Sandbox.Agent;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>What the pool does with its children: replace, prefer, cancel, check, and never leave one behind.</summary>
[Collection(SandboxCollection.Name)]
public sealed class PoolTests(SandboxFixture sandbox)
{
    [Fact]
    public async Task Run_WhenTheChildIsKilledFromOutside_IsCrashedAndTheNextRunWorks()
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1 });
        Task<AttemptResult> running = pool.RunAsync(
            SandboxFixture.Call("() => { console.log('before'); for (;;); }"), CancellationToken.None);
        int busy = await SpinnerAsync();

        Process.GetProcessById(busy).Kill();
        AttemptResult crashed = await running;
        AttemptResult next = await pool.RunAsync(SandboxFixture.Call("() => 'fine'"), CancellationToken.None);

        crashed.Outcome.Should().Be(Outcome.Crashed);
        crashed.Error!.Text.Should().Be("CrashedError: The sandbox died while the function ran (exit code 137).");
        crashed.LogText().Should().Contain("before");
        next.Text().Should().Be("fine");
        await SandboxFixture.Eventually(() => pool.IdleChildren == 2, "the dead child is replaced");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(15)]
    public async Task Run_WhenTheWholeGroupIsSignalled_GoesOn(int signal)
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1 });
        Task<AttemptResult> running = pool.RunAsync(
            SandboxFixture.Call("() => { const end = Date.now() + 1000; while (Date.now() < end); return 'whole'; }"),
            CancellationToken.None);
        int busy = await SpinnerAsync();

        using (var kill = Process.Start("sh", ["-c", $"kill -{signal} {busy}"])) await kill.WaitForExitAsync();

        (await running).Text().Should().Be("whole", "a stop lets runs end, and the service manager signals all processes");
    }

    [Fact]
    public async Task Run_WhenItIsCancelled_EndsAtOnceWithItsUsage()
    {
        // A pool of its own, with a warm child: the run is under way as soon as it is asked for.
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1 });
        using var stop = new CancellationTokenSource();
        Task<AttemptResult> running = pool.RunAsync(
            SandboxFixture.Call("() => { console.log('started'); for (;;); }"), stop.Token);
        await SpinnerAsync();

        var clock = Stopwatch.StartNew();
        await stop.CancelAsync();
        AttemptResult result = await running;

        // A tenth of a second on a quiet machine; the bound leaves room for a busy one, and is far from the time limit.
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(2));
        result.Outcome.Should().Be(Outcome.Cancelled);
        result.Error!.Text.Should().Be("CancelledError: The job was stopped.");
        result.Usage.Wall.Should().BeGreaterThan(TimeSpan.FromMilliseconds(10));
        result.LogText().Should().Contain("started");
    }

    [Fact]
    public async Task Run_WhenItIsCancelledWhileItWaits_NeverStarts()
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1 });
        using var stop = new CancellationTokenSource();
        Task<AttemptResult> first = pool.RunAsync(
            SandboxFixture.Call("() => new Promise(r => setTimeout(r, 300, 'first'))"), CancellationToken.None);
        Task<AttemptResult> second = pool.RunAsync(SandboxFixture.Call("() => 2"), stop.Token);

        await stop.CancelAsync();

        (await second).Outcome.Should().Be(Outcome.Cancelled);
        (await second).Usage.Should().Be(default(ResourceUsage));
        (await first).Text().Should().Be("first");
    }

    [Fact]
    public async Task Run_WhenTheUserLostThreeChildren_RunsOneAtATime()
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 3, Warm = 1 });
        for (int i = 0; i < 3; i++)
            await pool.RunAsync(SandboxFixture.Call("() => 'x'.repeat(5e8)", owner: 7), CancellationToken.None);

        pool.SlotsFor("user7").Should().Be(1);
        pool.SlotsFor("user8").Should().Be(3);
        const string sleeper =
            "async () => { const start = Date.now(); await new Promise(r => setTimeout(r, 100)); return [start, Date.now()] }";
        // Registering anew makes another owner of the same user.
        Task<AttemptResult>[] all = [.. Enumerable.Range(0, 3).Select(i =>
            pool.RunAsync(SandboxFixture.Call(sleeper, owner: 10 + i, user: "user7"), CancellationToken.None))];
        AttemptResult other = await pool.RunAsync(SandboxFixture.Call("() => 1", owner: 8), CancellationToken.None);
        AttemptResult[] results = await Task.WhenAll(all);

        other.Text().Should().Be("1");
        long[][] spans = [.. results
            .Select(result => System.Text.Json.JsonSerializer.Deserialize<long[]>(result.Value)!)
            .OrderBy(span => span[0])];
        spans.Skip(1).Should().OnlyContain(span => span[0] >= spans[Array.IndexOf(spans, span) - 1][1]);
    }

    [Fact]
    public async Task Child_AfterALargeRun_GivesBackWhatItTookOrIsReplaced()
    {
        int[] others = ChildrenOfThisProcess();
        var options = new SandboxOptions { Slots = 1, Warm = 1, Spares = 0 };
        await using SandboxPool pool = await WarmPoolAsync(options);

        AttemptResult large = await pool.RunAsync(
            SandboxFixture.Call(
                "() => { const a = []; for (let i = 0; i < 300; i++) a.push(new Uint8Array(1 << 20).fill(1)); return a.length }",
                memoryMiB: 512),
            CancellationToken.None);

        large.Text().Should().Be("300");
        await SandboxFixture.Eventually(
            () => pool.IdleChildren == 1 && ChildrenOfThisProcess().Except(others).All(pid => ResidentMiB(pid) <= options.BaseMemoryMiB),
            "no child keeps 300 MiB");
    }

    [Fact]
    public async Task Run_WhenMoreSourcesRunThanAChildKeeps_StillRunsEach()
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1, Spares = 0 });
        string filler = new('x', 8 << 10);

        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 100; i++)
            {
                string source = i % 3 == 0 ? $"() => {i} // {filler}" : $"() => {i}";
                AttemptResult result = await pool.RunAsync(SandboxFixture.Call(source), CancellationToken.None);
                result.Text().Should().Be($"{i}");
            }
        }
    }

    [Fact]
    public async Task Run_WhenTheSourceDoesNotParse_SaysSoEachTime()
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1, Spares = 0 });

        for (int i = 0; i < 2; i++)
        {
            AttemptResult result = await pool.RunAsync(SandboxFixture.Call("() => {\n  return ]\n}"), CancellationToken.None);
            result.Error!.Text.Should().StartWith("SyntaxError: ").And.EndWith("(function.js:2:10)");
        }
    }

    [Fact]
    public async Task Run_WhenChildrenAreNotShared_GivesTheNextOwnerAFreshOne()
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1, Reuse = ChildReuse.Owner });
        HashSet<int> before = [.. ChildrenOfThisProcess()];

        for (long owner = 1; owner <= 3; owner++)
        {
            for (int i = 0; i < 3; i++)
            {
                AttemptResult result = await pool.RunAsync(
                    SandboxFixture.Call("() => 1", owner: owner), CancellationToken.None);
                result.Text().Should().Be("1");
            }
        }

        ChildrenOfThisProcess().Should().NotBeSubsetOf(before);
    }

    [Fact]
    public async Task Run_WhenThePipesAreFilledFromBothSides_GivesTheRightResult()
    {
        // DESIGN, mistake 5: 256 KiB of arguments, 10 MB of console output, a 1 MiB result.
        const string source = """
            s => {
              const line = 'y'.repeat(1000);
              for (let i = 0; i < 10_000; i++) console.log(line);
              return 'r'.repeat((1 << 20) - 10) + String(s.length).padStart(10);
            }
            """;
        string argument = new('a', (256 << 10) - 4);

        AttemptResult result = await sandbox.RunAsync(source, $"[\"{argument}\"]");

        result.Outcome.Should().Be(Outcome.Success);
        result.Value.Should().HaveCount(1 << 20);
        result.Text().Should().EndWith($"    {argument.Length}");
        result.Logs.Length.Should().BeInRange(60 << 10, 64 << 10);
        result.Usage.Wall.Should().BeLessThan(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Run_WhenItWritesToTheConsole_KeepsLinesWithLevelAndTime()
    {
        AttemptResult result = await sandbox.RunAsync(
            "() => { console.log('a %s', 'b', { n: [1, 'x'] }); console.error(new TypeError('t').message); console.debug(null, 1n) }");

        var lines = System.Text.Json.JsonDocument.Parse(result.Logs).RootElement.EnumerateArray().ToArray();
        lines.Select(line => line.GetProperty("text").GetString()).Should().Equal("a b { n: [ 1, 'x' ] }", "t", "null 1n");
        lines.Select(line => line.GetProperty("level").GetString()).Should().Equal("log", "error", "debug");
        lines[0].GetProperty("at").GetDateTimeOffset().Should()
            .BeCloseTo(TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Run_WhenTheConsoleIsFlooded_SaysThatLinesAreMissing()
    {
        AttemptResult result = await sandbox.RunAsync("() => { for (let i = 0; i < 5000; i++) console.log('\\ud800\\n\"' + 'x'.repeat(100)) }");

        result.Outcome.Should().Be(Outcome.Success);
        var lines = System.Text.Json.JsonDocument.Parse(result.Logs).RootElement.EnumerateArray().ToArray();
        lines[^1].GetProperty("level").GetString().Should().Be("warn");
        result.Logs.Length.Should().BeLessThanOrEqualTo(64 << 10);
    }

    [Fact]
    public async Task Run_WhenAllWarmChildrenAreBusy_ASpareIsReadyAgain()
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 2, Warm = 1, Spares = 1 });
        const string sleeper = "() => new Promise(r => setTimeout(r, 59000))";
        using var stop = new CancellationTokenSource();
        Task<AttemptResult>[] busy = [.. Enumerable.Range(0, 2).Select(owner =>
            pool.RunAsync(SandboxFixture.Call(sleeper, owner: owner), stop.Token))];

        await SandboxFixture.Eventually(() => pool.IdleChildren == 1, "a third child is ready");

        await stop.CancelAsync();
        (await Task.WhenAll(busy)).Should().OnlyContain(result => result.Outcome == Outcome.Cancelled);
    }

    [Fact]
    public async Task Check_WhenAllSlotsAreBusy_IsNotHeldUp()
    {
        await using SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1 });
        Task<AttemptResult> busy = pool.RunAsync(
            SandboxFixture.Call("() => { for (;;); }", timeoutMs: 2_000), CancellationToken.None);

        SourceCheck check = await pool.CheckAsync("ann", "a => a"u8.ToArray(), CancellationToken.None);

        check.Should().Be(new SourceCheck(true, null, null, null));
        busy.IsCompleted.Should().BeFalse();
        (await busy).Outcome.Should().Be(Outcome.Timeout);
    }

    [Theory]
    [InlineData("function f(a) {\n  return a +;\n}", 2, 13)]
    [InlineData("a => {", 1, 7)]
    [InlineData("not js", 1, 5)]
    [InlineData("", 1, 1)]
    public async Task Check_WhenTheSourceDoesNotParse_PointsIntoTheUsersText(string source, int line, int column)
    {
        SourceCheck check = await sandbox.CheckAsync(Encoding.UTF8.GetBytes(source));

        check.IsFunction.Should().BeFalse();
        check.Message.Should().NotBeNullOrEmpty();
        (check.Line, check.Column).Should().Be((line, column));
    }

    [Theory]
    [InlineData("42", "The source is not a function: it must evaluate to something callable.")]
    [InlineData("(() => { for (;;); })()", "The source took longer than 1 s to evaluate.")]
    [InlineData("'x'.repeat(5e8)", "The source needed too much memory to evaluate.")]
    public async Task Check_WhenTheSourceIsNoFunction_SaysWhy(string source, string message)
    {
        SourceCheck check = await sandbox.CheckAsync(Encoding.UTF8.GetBytes(source));

        check.Should().Be(new SourceCheck(false, message, null, null));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("(")]
    [InlineData("a=>{")]
    [InlineData("!")]
    [InlineData("x,")]
    [InlineData("`${")]
    public async Task Check_WhenTheSourceIsAParserBomb_EndsSoon(string unit)
    {
        byte[] source = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, (256 << 10) / unit.Length)));
        var clock = Stopwatch.StartNew();

        SourceCheck check = await sandbox.CheckAsync(source);

        check.IsFunction.Should().BeFalse();
        check.Message.Should().NotBeNullOrEmpty();
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task Dispose_WhileFunctionsRun_EndsThemAndTheChildren()
    {
        SandboxPool pool = await WarmPoolAsync(new() { Slots = 1, Warm = 1 });
        int[] children = ChildrenOfThisProcess();
        Task<AttemptResult> running = pool.RunAsync(SandboxFixture.Call("() => { for (;;); }"), CancellationToken.None);
        Task<AttemptResult> waiting = pool.RunAsync(SandboxFixture.Call("() => 1"), CancellationToken.None);

        await pool.DisposeAsync();

        (await running).Outcome.Should().Be(Outcome.PlatformError);
        (await waiting).Outcome.Should().Be(Outcome.PlatformError);
        ChildrenOfThisProcess().Length.Should().BeLessThan(children.Length);
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task Run_WhenTheChildNeverBecomesReady_IsAPlatformError()
    {
        string stuck = Path.GetTempFileName();
        await File.WriteAllTextAsync(stuck, "#!/bin/sh\nexec sleep 60\n");
        File.SetUnixFileMode(stuck, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var pool = SandboxFixture.NewPool(
            new() { Slots = 1, Warm = 1, ChildPath = stuck, StartDeadline = TimeSpan.FromMilliseconds(200) });

        AttemptResult result = await pool.RunAsync(SandboxFixture.Call("() => 1"), CancellationToken.None);

        result.Outcome.Should().Be(Outcome.PlatformError);
        File.Delete(stuck);
    }

    [Fact]
    public async Task Run_WhenTheChildCannotBeStarted_IsAPlatformError()
    {
        await using var pool = SandboxFixture.NewPool(new() { Slots = 1, Warm = 1, ChildPath = "/bin/false" });

        AttemptResult result = await pool.RunAsync(SandboxFixture.Call("() => 1"), CancellationToken.None);

        result.Outcome.Should().Be(Outcome.PlatformError);
    }

    internal static async Task<SandboxPool> WarmPoolAsync(SandboxOptions options)
    {
        SandboxPool pool = SandboxFixture.NewPool(options);
        pool.Start();
        int wanted = options.Warm + options.Spares;
        await SandboxFixture.Eventually(() => pool.IdleChildren == wanted, $"{wanted} children are ready");
        return pool;
    }

    /// <summary>The sandboxes among them: other tests start other programs beside these.</summary>
    internal static int[] ChildrenOfThisProcess() =>
        [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _))
            .Select(name => int.Parse(name!, System.Globalization.CultureInfo.InvariantCulture))
            .Where(pid => Stat(pid) is { } stat && stat[1] == $"{Environment.ProcessId}" && IsSandbox(pid))];

    private static long ResidentMiB(int pid)
    {
        using var gauge = new ProcessGauge(pid);
        return gauge.ResidentBytes() >> 20;
    }

    private static bool IsSandbox(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains("FaaS.Hosts.Sandbox", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Waits for a child that has been computing for a while, long enough for its log lines to be here.</summary>
    private static async Task<int> SpinnerAsync()
    {
        var firstSeen = new Dictionary<int, TimeSpan>();
        int found = 0;
        await SandboxFixture.Eventually(
            () =>
            {
                foreach (int pid in ChildrenOfThisProcess())
                {
                    using var gauge = new ProcessGauge(pid);
                    TimeSpan cpu = gauge.Cpu();
                    if (firstSeen.TryAdd(pid, cpu) || cpu - firstSeen[pid] < TimeSpan.FromMilliseconds(200)) continue;
                    found = pid;
                    return true;
                }

                return false;
            },
            "a child is computing");
        return found;
    }

    private static string[]? Stat(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
