using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>What is over a limit ends, as the right outcome, and takes nobody with it.</summary>
[Collection(SandboxCollection.Name)]
public sealed class LimitTests(SandboxFixture sandbox)
{
    [Theory]
    [InlineData("() => { for (;;); }")]
    [InlineData("() => { while (true) { try { for (;;); } catch {} finally { continue } } }")]
    [InlineData("async () => { for (;;) await null }")]
    [InlineData("() => { const f = () => Promise.resolve().then(f); return f() }")]
    [InlineData("() => { do {} while (true) }")]
    [InlineData("() => { const loop = function* () { for (;;) yield 1 }; for (const x of loop()); }")]
    [InlineData("() => [1].map(() => { for (;;); })")]
    [InlineData("() => ({ toJSON() { for (;;); } })")]
    [InlineData("() => ({ get then() { for (;;); } })")]
    [InlineData("() => { throw { toString() { for (;;); } } }")]
    [InlineData("() => eval('for(;;);')")]
    [InlineData("(() => { for (;;); })()")]
    [InlineData("() => /(a+)+$/.test('a'.repeat(40) + 'b')")]
    [InlineData("() => new Promise(() => setInterval(() => {}, 10))")]
    [InlineData("() => new Promise(r => setTimeout(r, 1e6))")]
    [InlineData("() => { let x = 2n; for (;;) x = x * x }")]
    [InlineData("() => BigInt('9'.repeat(3e6)) % 7n")]
    [InlineData("() => { for (;;) console.log('x'.repeat(100)) }")]
    public async Task Run_WhenItNeverEnds_IsATimeoutSoon(string source)
    {
        AttemptResult result = await sandbox.RunAsync(source, timeoutMs: 150);

        result.Outcome.Should().Be(Outcome.Timeout);
        result.Error!.Text.Should().Be("TimeoutError: The function ran longer than its limit of 150 ms.");
        result.Usage.Wall.Should().BeLessThan(TimeSpan.FromSeconds(1.3));
    }

    [Theory]
    [InlineData("() => 'x'.repeat(5e8).length")]
    [InlineData("() => new ArrayBuffer(2e9).byteLength")]
    [InlineData("() => encodeURIComponent('€'.repeat(2e7)).length")]
    [InlineData("() => { const a = []; for (;;) a.push(new Array(1000).fill(1)) }")]
    [InlineData("() => { let s = 'x'; for (;;) s += s }")]
    [InlineData("() => { const m = new Map(); for (let i = 0; ; i++) m.set(i, 'v' + i) }")]
    [InlineData("async () => { const a = []; for (;;) { a.push(new Uint8Array(1e6)); await null } }")]
    [InlineData("() => { try { 'x'.repeat(5e8).split('') } catch { return 'caught' } }")]
    public async Task Run_WhenItKeepsTooMuch_IsMemoryExceeded(string source)
    {
        AttemptResult result = await sandbox.RunAsync(source);

        result.Outcome.Should().Be(Outcome.MemoryExceeded);
        result.Error!.Text.Should().Be("MemoryError: The function needed more memory than its limit of 128 MiB.");
    }

    [Fact]
    public async Task Run_WhenItAllocatesMuchAndKeepsNothing_Succeeds()
    {
        AttemptResult result = await sandbox.RunAsync(
            "() => { let n = 0; for (let i = 0; i < 400; i++) n += new Uint8Array(1e6).length; return n }", memoryMiB: 64);

        result.Text().Should().Be("400000000");
    }

    [Fact]
    public async Task Run_AfterARunWithALargerMemoryLimit_HasItsOwn()
    {
        const string source = "() => { const a = []; for (let i = 0; i < 150; i++) a.push(new Uint8Array(1 << 20)); return a.length }";

        AttemptResult large = await sandbox.RunAsync(source, memoryMiB: 256);
        AttemptResult small = await sandbox.RunAsync(source, memoryMiB: 64);

        large.Text().Should().Be("150");
        small.Outcome.Should().Be(Outcome.MemoryExceeded);
    }

    [Fact]
    public async Task Run_WhenTheResultIsOverItsLimit_IsResultTooLarge()
    {
        AttemptResult fits = await sandbox.RunAsync("() => 'x'.repeat(1 << 20)");
        AttemptResult over = await sandbox.RunAsync("() => 'x'.repeat((1 << 20) + 1)");

        fits.Value.Should().HaveCount(1 << 20);
        over.Outcome.Should().Be(Outcome.ResultTooLarge);
        over.Error!.Text.Should().Be("ResultTooLargeError: The result is larger than the limit of 1 MiB.");
    }

    [Fact]
    public async Task Run_WhenBudgetsAreSpentInTimerCallbacks_TheyAddUp()
    {
        // DESIGN, mistake 4: a budget for each entry would let every callback start with a fresh one.
        const string source = """
            async () => {
              const burn = () => { const end = Date.now() + 120; while (Date.now() < end); };
              for (let i = 0; i < 6; i++) await new Promise(r => setTimeout(() => { burn(); r() }, 1));
            }
            """;

        AttemptResult result = await sandbox.RunAsync(source, timeoutMs: 200);

        result.Outcome.Should().Be(Outcome.Timeout);
        result.Usage.Wall.Should().BeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Run_WhenOnlyTheCpuLimitIsReached_IsATimeout()
    {
        await using var pool = SandboxFixture.NewPool(
            new() { Slots = 1, Warm = 1, CpuLimit = TimeSpan.FromMilliseconds(200) });

        AttemptResult busy = await pool.RunAsync(SandboxFixture.Call("() => { for (;;); }"), CancellationToken.None);
        AttemptResult idle = await pool.RunAsync(
            SandboxFixture.Call("() => new Promise(r => setTimeout(r, 700, 'slept'))"), CancellationToken.None);

        busy.Outcome.Should().Be(Outcome.Timeout);
        busy.Usage.Wall.Should().BeLessThan(TimeSpan.FromSeconds(5));
        idle.Text().Should().Be("slept");
        idle.Usage.Cpu.Should().BeLessThan(TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task Run_WhenItAwaitsAShortTimer_ReturnsSoon()
    {
        // DESIGN, mistake 4: a blocking unwrap of the promise would poll.
        await sandbox.RunAsync("async () => { await new Promise(r => setTimeout(r, 5)) }");

        AttemptResult result = await sandbox.RunAsync("async () => { await new Promise(r => setTimeout(r, 5)); return 1 }");

        result.Text().Should().Be("1");
        result.Usage.Wall.Should().BeLessThan(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task Run_WhenANeighbourLoops_IsNotDisturbed()
    {
        Task<AttemptResult> neighbour = sandbox.RunAsync("() => { while (true) {} }", timeoutMs: 1_000);

        for (int i = 0; i < 50; i++)
        {
            AttemptResult result = await sandbox.RunAsync("n => n * 2", $"[{i}]");
            result.Text().Should().Be($"{i * 2}");
        }

        (await neighbour).Outcome.Should().Be(Outcome.Timeout);
    }
}
