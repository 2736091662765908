using System.Diagnostics;
using FaaS.Hosts.Tests.Deployments;
using System.Net;

namespace FaaS.Hosts.Tests;

/// <summary>Functions that misbehave end in their outcomes, in time, and cost nobody else anything.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class HostileTests(SharedDeployment shared)
{
    private readonly FaasClient _client = shared.Client;
    private readonly string _user = shared.NewUser();
    private readonly string _neighbour = shared.NewUser();

    [Theory]
    [InlineData("() => { while (true) {} }", "timeout", "TimeoutError")]
    [InlineData("() => { let n = 3n; while (true) n = n * n; }", "timeout|memory_exceeded", "TimeoutError|MemoryError")]
    [InlineData("() => 'x'.repeat(5e8).length", "memory_exceeded", "MemoryError")]
    [InlineData("() => { const a = []; while (true) a.push(new Array(1000).fill(1)); }", "memory_exceeded|timeout", "MemoryError|TimeoutError")]
    [InlineData("async () => { await new Promise(() => {}); }", "user_error", "Error")]
    [InlineData("() => { const f = () => f(); f(); }", "user_error|timeout", "RangeError|TimeoutError")]
    [InlineData("async () => { for (;;) await null; }", "timeout", "TimeoutError")]
    [InlineData("() => new Promise(r => setInterval(() => {}, 1))", "timeout", "TimeoutError")]
    [InlineData("() => String(BigInt('9'.repeat(3e6)) ** 3n)", "timeout|memory_exceeded|user_error", "TimeoutError|MemoryError|RangeError")]
    [InlineData("() => { for (let i = 0; i < 1e6; i++) console.log('x'.repeat(100)); throw new Error('talked') }", "user_error|timeout", "Error: talked|TimeoutError")]
    [InlineData("() => 'x'.repeat(2 * 1024 * 1024)", "result_too_large", "ResultTooLargeError")]
    public async Task Function_ThatMisbehaves_EndsAndLeavesOthersAlone(string source, string outcomes, string names)
    {
        await _client.RegisterAsync(_user, "bad", source);
        await _client.RegisterAsync(_neighbour, "add", "(a, b) => a + b");

        var bad = await _client.SubmitAsync(_user, "bad", "[]");
        var clock = Stopwatch.StartNew();
        for (var n = 0; n < 20; n++)
        {
            var answer = await _client.RunAsync(_neighbour, "add", $"[{n},1]");
            answer.Json.GetProperty("result").GetString().Should().Be($"{n + 1}");
        }
        var neighbours = clock.Elapsed;
        var text = await _client.ResultAsync(bad);

        // Bounds for a busy machine: had each neighbour waited for it, they would have taken 40 seconds.
        neighbours.Should().BeLessThan(TimeSpan.FromSeconds(20), "they do not wait for it");
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30), "it is stopped at its limit");
        outcomes.Split('|').Should().Contain((await _client.InfoAsync(bad)).GetProperty("outcome").GetString());
        names.Split('|').Should().Contain(name => text.StartsWith(name, StringComparison.Ordinal), "it was: {0}", text);
    }

    [Fact]
    public async Task Source_ThatIsHardToParse_KeepsNobodyWaiting()
    {
        await _client.RegisterAsync(_neighbour, "add", "(a, b) => a + b");
        await _client.PostAsync($"/u/{_user}");
        var bomb = "() => [" + string.Join(',', Enumerable.Repeat("x=>x", 50_000)) + "]";

        var registering = _client.PostAsync($"/u/{_user}/fn/bomb", bomb);
        for (var n = 0; n < 20; n++)
            (await _client.RunAsync(_neighbour, "add", $"[{n},1]")).Json.GetProperty("result").GetString().Should().Be($"{n + 1}");

        (await registering).Status.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Function_ThatNeverEnds_IsBilledForItsLimitAndLittleMore()
    {
        await _client.RegisterAsync(_user, "bad", "() => { for (;;); }");

        var job = await _client.SubmitAsync(_user, "bad", "[]");
        await _client.ResultAsync(job);

        var wallMs = (await _client.InfoAsync(job)).GetProperty("wallMs").GetDecimal();
        wallMs.Should().BeInRange(2_000, 5_000);
        (await _client.GetAsync($"/u/{_user}/time")).Res.GetInt64().Should().Be((long)wallMs);
    }

    [Fact]
    public async Task Backlog_OfOneUser_DoesNotKeepAnotherWaiting()
    {
        const int Backlog = 10_000;
        await _client.RegisterAsync(_user, "busy", "() => { const end = Date.now() + 20; while (Date.now() < end); }");
        await _client.RegisterAsync(_neighbour, "add", "(a, b) => a + b");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Backlog), new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (_, _) => await _client.SubmitAsync(_user, "busy", "[]"));
        var last = await _client.SubmitAsync(_user, "busy", "[]");

        var answer = await _client.RunAsync(_neighbour, "add", "[1,2]");

        answer.Json.GetProperty("result").GetString().Should().Be("3");
        (await _client.GetAsync($"/j/{last}")).Res.GetInt32().Should().Be(0, "the backlog is still there");
        (await _client.DeleteAsync($"/u/{_user}")).Res.GetInt32().Should().Be(1);
        (await _client.ResultAsync(last)).Should().StartWith("CancelledError");
    }

    [Fact]
    public async Task Burst_OfLongJobsAfterShortOnes_LeavesASlotToOthers()
    {
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("short", "add", "(a, b) => a + b");
        await client.RegisterAsync("long", "sleep", "(ms) => new Promise(r => setTimeout(r, ms))");
        // Short runs, of the sleeper as well, so that workers prefetch and nothing is known to be long.
        for (var n = 0; n < 100; n++)
        {
            await client.RunAsync("short", "add", "[1,2]");
            await client.RunAsync("long", "sleep", "[0]");
        }

        var sleepers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => client.SubmitAsync("long", "sleep", "[50000]")));

        for (var n = 0; n < 20; n++)
        {
            var answer = await client.RunAsync("short", "add", $"[{n},1]");
            answer.Json.GetProperty("result").GetString().Should().Be($"{n + 1}");
        }
        foreach (var sleeper in sleepers)
            (await client.GetAsync($"/j/{sleeper}")).Res.GetInt32().Should().Be(0, "nobody waited for one to end");
    }

    [Fact]
    public async Task Cancel_OfARunningJob_StopsAndBillsIt()
    {
        await _client.RegisterAsync(_user, "spin", "() => { console.log('here'); while (true) {} }");
        var job = await _client.SubmitAsync(_user, "spin", "[]");
        await EventuallyAsync(async () => (await _client.InfoAsync(job)).GetProperty("state").GetString() == "running");

        (await _client.DeleteAsync($"/j/{job}")).Res.GetInt32().Should().Be(1);

        var info = await _client.InfoAsync(job);
        info.GetProperty("state").GetString().Should().Be("cancelled");
        (await _client.GetAsync($"/j/{job}/res")).Res.GetString().Should().StartWith("CancelledError");
        (await _client.GetAsync($"/u/{_user}/time")).Res.GetInt64()
            .Should().BeCloseTo((long)info.GetProperty("wallMs").GetDouble(), 1);
    }

    [Fact]
    public async Task Cancel_OfAFinishedJob_DeletesIt()
    {
        await _client.RegisterAsync(_user, "f", "() => 1");
        var job = await _client.SubmitAsync(_user, "f", "[]");
        await _client.ResultAsync(job);

        (await _client.DeleteAsync($"/j/{job}")).Res.GetInt32().Should().Be(1);
        (await _client.GetAsync($"/j/{job}")).Code.Should().Be("job_not_found");
        (await _client.GetAsync($"/j/{job}/logs")).Code.Should().Be("job_not_found");
        (await _client.DeleteAsync($"/j/{job}")).Res.GetInt32().Should().Be(0);
    }

    [Fact]
    public async Task User_RegisteredAnew_StartsFromNothing()
    {
        await _client.RegisterAsync(_user, "slow", "async () => { await new Promise(r => setTimeout(r, 1000)); }");
        // Far more than can run before the user is registered anew, on however slow a machine.
        var jobs = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => _client.SubmitAsync(_user, "slow", "[]")));
        // Of those that were sent at once nobody knows the order; this one is behind them all.
        var last = await _client.SubmitAsync(_user, "slow", "[]");
        await Task.WhenAny(jobs.Select(_client.ResultAsync));

        (await _client.PostAsync($"/u/{_user}")).Res.GetInt32().Should().Be(1);

        (await _client.GetAsync($"/u/{_user}/fn")).Res.EnumerateObject().Should().BeEmpty();
        (await _client.GetAsync($"/u/{_user}/time")).Res.GetInt64().Should().Be(0);
        (await _client.ResultAsync(last)).Should().StartWith("CancelledError");
        (await _client.GetAsync($"/u/{_user}/time")).Res.GetInt64().Should().Be(0, "late bills go to the closed generation");
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
            if (clock.Elapsed > TimeSpan.FromSeconds(10)) throw new TimeoutException("It did not come to pass.");
    }
}
