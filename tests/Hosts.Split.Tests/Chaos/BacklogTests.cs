using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain.Jobs;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary>A queue that dies with a large backlog.</summary>
public sealed class BacklogTests
{
    private const int Waiting = 100_000;
    private const int Delayed = Waiting / 10 * 9;
    private const int PerRequest = 250;
    private const string User = "backlog";

    [Fact]
    public async Task Queue_KilledWithAHundredThousandJobsWaiting_FindsThemAllAgain()
    {
        await using var platform = new SplitDeployment();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "f", "() => 1");
        await client.RegisterAsync("other", "f", "n => n + 1");
        await using var caller = await Caller.StartAsync(platform, Roles.Frontend);
        var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var dueAtMs = nowMs + (long)TimeSpan.FromHours(1).TotalMilliseconds;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Waiting / PerRequest), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (request, _) =>
            {
                JobSubmission[] jobs = [.. Enumerable.Range(0, PerRequest).Select(at => new JobSubmission(
                    new JobId(1, (uint)((request * PerRequest) + at + 1)), User, "f", Body.Of("[]"u8.ToArray()), nowMs,
                    at % 10 == 0 ? 0 : dueAtMs))];
                (await caller.SendAsync(new EnqueueJobs(jobs))).Value.Errors.Should().OnlyContain(error => error == null);
            });

        await platform["queue"].KillAsync();
        platform["queue"].Start();
        await platform.ReadyAsync();
        var counts = (await caller.SendAsync(new GetBacklog())).Value;

        // Nine in ten wait for their time; of the others some have run before, and some since.
        counts.Delayed.Should().Be(Delayed);
        counts.IsConserved.Should().BeTrue();
        (await client.RunAsync("other", "f", "[1]")).Json.GetProperty("result").GetString().Should().Be("2");
        await Eventually.HoldsAsync(
            async () => (await caller.SendAsync(new GetBacklog())) is { IsOk: true, Value: { Queued: 0, InFlight: 0, Delayed: Delayed } },
            TimeSpan.FromMinutes(3));
    }
}
