using System.Collections.Concurrent;
using System.Globalization;
using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests;

/// <summary>
/// Load, <c>kill -9</c> at a random moment, start again: from outside, every acknowledged job ends exactly once with
/// the right result, and the user's time counts each job once.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const string User = "crash";

    /// <summary>20 rounds in every run of Dev, fewer of five processes; <c>FAAS_TEST_ROUNDS=100</c> for more.</summary>
    private static int Rounds =>
        int.TryParse(Environment.GetEnvironmentVariable("FAAS_TEST_ROUNDS"), CultureInfo.InvariantCulture, out var rounds)
            ? rounds
            : Deploy.Rounds;

    private readonly int _seed = int.Parse(
        Environment.GetEnvironmentVariable("FAAS_TEST_SEED") ?? "20261124", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Kill_OfThePlatformUnderLoad_LosesAndRepeatsNothing()
    {
        output.WriteLine($"FAAS_TEST_SEED={_seed}");
        var random = new Random(_seed);
        var acknowledged = new ConcurrentDictionary<string, int>();
        var ended = new ConcurrentDictionary<string, string>();
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "twice", "async (n) => { await new Promise(r => setTimeout(r, n % 4)); return n * 2; }");

        for (var round = 0; round < Rounds; round++)
        {
            await LoadUntilAsync(client, acknowledged, acknowledged.Count + random.Next(1, 150), platform.KillAsync);
            await platform.StartAsync();
            await NoteEndedAsync(client, Pick(random, [.. acknowledged.Keys]), ended);
        }

        await Parallel.ForEachAsync(acknowledged, async (job, _) =>
            (await client.ResultAsync(job.Key)).Should().Be($"{job.Value * 2}"));
        await Parallel.ForEachAsync(ended, async (job, _) =>
            (await client.InfoAsync(job.Key)).GetRawText().Should().Be(job.Value, "what has ended never changes"));
        var time = (await client.GetAsync($"/u/{User}/time")).Res.GetInt64();
        (await platform.StopAsync(TimeSpan.FromSeconds(30))).Should().Be(0);
        output.WriteLine($"{acknowledged.Count} jobs acknowledged over {Rounds} kills");
        LedgerCheck.Check(platform, acknowledged.Keys, time);
    }

    [Fact]
    public async Task Kill_OfSandboxesUnderLoad_EndsEachJobOnce()
    {
        output.WriteLine($"FAAS_TEST_SEED={_seed}");
        var random = new Random(_seed);
        var acknowledged = new ConcurrentDictionary<string, int>();
        await using var platform = Deploy.New(("Queue__Backoff", "00:00:00.020"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "twice", "async (n) => { await new Promise(r => setTimeout(r, 2)); return n * 2; }");

        for (var round = 0; round < Rounds; round++)
        {
            await LoadUntilAsync(client, acknowledged, acknowledged.Count + random.Next(1, 60), () =>
            {
                var children = platform.SandboxProcesses();
                if (children.Count > 0) HostProcess.KillProcess(children[random.Next(children.Count)]);
                return Task.CompletedTask;
            });
        }

        await Parallel.ForEachAsync(acknowledged, async (job, _) =>
        {
            var result = await client.ResultAsync(job.Key);
            // Two crashes make a job poison, and it may be hit twice.
            if (!result.StartsWith("CrashedError", StringComparison.Ordinal)) result.Should().Be($"{job.Value * 2}");
        });
        var time = (await client.GetAsync($"/u/{User}/time")).Res.GetInt64();
        (await platform.StopAsync(TimeSpan.FromSeconds(30))).Should().Be(0);
        LedgerCheck.Check(platform, acknowledged.Keys, time);
    }

    [Fact]
    public async Task Terminate_UnderLoad_DrainsInTimeAndLosesNothing()
    {
        var acknowledged = new ConcurrentDictionary<string, int>();
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync(User, "twice", "async (n) => { await new Promise(r => setTimeout(r, 20)); return n * 2; }");
        var exit = -1;

        await LoadUntilAsync(client, acknowledged, 300, async () => exit = await platform.StopAsync(TimeSpan.FromSeconds(30)));

        exit.Should().Be(0, platform.Log);
        File.Exists(Path.Combine(platform.DataFolder, "faas.db-wal")).Should().BeFalse("the log is merged at the end");
        await platform.StartAsync();
        await Parallel.ForEachAsync(acknowledged, async (job, _) =>
            (await client.ResultAsync(job.Key)).Should().Be($"{job.Value * 2}"));
        var time = (await client.GetAsync($"/u/{User}/time")).Res.GetInt64();
        await platform.StopAsync(TimeSpan.FromSeconds(30));
        LedgerCheck.Check(platform, acknowledged.Keys, time);
    }

    /// <summary>Submits from several connections until enough jobs are acknowledged, then does the deed under load.</summary>
    private static async Task LoadUntilAsync(
        FaasClient client, ConcurrentDictionary<string, int> acknowledged, int enough, Func<Task> deed)
    {
        using var over = new CancellationTokenSource();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var submitters = Enumerable.Range(0, 16).Select(async submitter =>
        {
            for (var n = submitter; !over.IsCancellationRequested; n += 16)
            {
                try
                {
                    var answer = await client.PostAsync($"/u/{User}/fn/twice/run", $"[{n}]");
                    // Only what was acknowledged is promised.
                    if (!answer.Error) acknowledged[answer.Res.GetString()!] = n;
                }
                catch (HttpRequestException)
                {
                    if (over.IsCancellationRequested) return;
                    // A client that is refused does not ask again at once, nor take the cores from what starts.
                    await Task.Delay(20);
                }
                if (acknowledged.Count >= enough) reached.TrySetResult();
            }
        }).ToArray();
        await reached.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await deed();
        await over.CancelAsync();
        await Task.WhenAll(submitters);
    }

    private static string[] Pick(Random random, string[] jobs) =>
        [.. Enumerable.Range(0, 25).Select(_ => jobs[random.Next(jobs.Length)]).Distinct()];

    /// <summary>Keeps the whole record of those jobs that have ended, as it was the first time.</summary>
    private static Task NoteEndedAsync(
        FaasClient client, IEnumerable<string> jobs, ConcurrentDictionary<string, string> ended) =>
        Parallel.ForEachAsync(jobs, async (job, _) =>
        {
            var info = await client.InfoAsync(job);
            if (info.GetProperty("endedAt").GetString() is not null) ended.TryAdd(job, info.GetRawText());
        });
}
