using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary>
/// A split platform under load while things happen to it. Each submission has a number of its own, and its result is
/// twice that number: so from outside it can be told what was lost, what nobody submitted, and what exists twice.
/// </summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    public const string User = "chaos";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BacklogPatience = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, int> _acknowledged = new();
    private readonly ConcurrentDictionary<string, int> _uncertain = new();
    private readonly ITestOutputHelper _output;
    private readonly CancellationTokenSource _over = new();
    private readonly FaasClient _client;
    private Task _load = Task.CompletedTask;
    private int _submitted;

    private ChaosRun(ITestOutputHelper output, SplitDeployment platform)
    {
        _output = output;
        Platform = platform;
        _client = new FaasClient(platform);
    }

    public SplitDeployment Platform { get; }

    public FaasClient Client => _client;

    public int Acknowledged => _acknowledged.Count;

    /// <summary>Seeds the moments at which things happen; printed, so that a failure can be run again.</summary>
    public static int Seed => int.Parse(
        Environment.GetEnvironmentVariable("FAAS_TEST_SEED") ?? "20261124", CultureInfo.InvariantCulture);

    /// <summary>Rounds of each misfortune: one in every run, <c>FAAS_TEST_ROUNDS</c> for more.</summary>
    public static int Rounds => int.TryParse(
        Environment.GetEnvironmentVariable("FAAS_TEST_ROUNDS"), CultureInfo.InvariantCulture, out var rounds) ? rounds : 1;

    /// <summary>Starts a platform and its load.</summary>
    public static async Task<ChaosRun> StartAsync(
        ITestOutputHelper output, SplitDeployment platform, string delay = "n % 4", int clients = 8)
    {
        output.WriteLine($"FAAS_TEST_SEED={Seed}");
        await platform.StartAsync();
        var run = new ChaosRun(output, platform);
        await run._client.RegisterAsync(
            User, "twice", $"async (n) => {{ await new Promise(r => setTimeout(r, {delay})); return n * 2; }}");
        run._load = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(run.SubmitAsync)));
        return run;
    }

    /// <summary>Lets the load go on until so many more jobs are acknowledged.</summary>
    public async Task GoOnAsync(int more)
    {
        var enough = _acknowledged.Count + more;
        try
        {
            await Eventually.HoldsAsync(() => _acknowledged.Count >= enough, Patience);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"The platform takes no more jobs:\n{Platform.Log}", error);
        }
    }

    /// <summary>Ends the load; what was taken is still to be done.</summary>
    public async Task EndLoadAsync()
    {
        await _over.CancelAsync();
        await _load;
    }

    /// <summary>Ends the load, waits for the backlog, and counts.</summary>
    /// <param name="countsLosses">Whether workers may have been lost.</param>
    /// <param name="before">What is stopped before the platform is.</param>
    public async Task JudgeAsync(bool countsLosses = false, Func<Task>? before = null)
    {
        await EndLoadAsync();
        await Platform.ReadyAsync();
        var lost = new ConcurrentBag<string>();
        var recovered = 0;
        await Parallel.ForEachAsync(_acknowledged, async (job, _) =>
        {
            if (await ResultAsync(job.Key) is var result && result != $"{job.Value * 2}") lost.Add($"{job.Key}: {result}");
        });
        await Parallel.ForEachAsync(_uncertain, async (job, _) =>
        {
            if ((await _client.GetAsync($"/j/{job.Key}")).Status == HttpStatusCode.NotFound) return;
            Interlocked.Increment(ref recovered);
            if (await ResultAsync(job.Key) is var result && result != $"{job.Value * 2}") lost.Add($"{job.Key}: {result}");
        });
        await DrainAsync();
        var time = (await _client.GetAsync($"/u/{User}/time")).Res.GetInt64();
        if (before is not null) await before();
        (await Platform.StopAsync(TimeSpan.FromSeconds(60))).Should().Be(0, Platform.Log);
        var stored = LedgerCheck.Arguments(Platform);
        var unexpected = stored.Where(number => number < 0 || number >= _submitted).ToArray();
        var duplicated = stored.GroupBy(number => number).Where(group => group.Count() > 1).Select(group => group.Key).ToArray();
        _output.WriteLine(
            $"{_submitted} submitted, {_acknowledged.Count} acknowledged, {stored.Count} stored: {lost.Count} lost, " +
            $"{unexpected.Length} unexpected, {duplicated.Length} duplicated, {recovered} of {_uncertain.Count} uncertain recovered");
        lost.Should().BeEmpty(Platform.Log);
        unexpected.Should().BeEmpty();
        duplicated.Should().BeEmpty();
        LedgerCheck.Check(Platform, _acknowledged.Keys, time);
        if (!countsLosses) LedgerCheck.Losses(Platform).Should().Be(0, "no worker was lost");
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _load;
        _client.Dispose();
        _over.Dispose();
        await Platform.DisposeAsync();
    }

    private async Task<string?> ResultAsync(string job)
    {
        // A long backlog takes longer than one request may wait.
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await _client.GetAsync($"/j/{job}/res?wait=60s");
            if (answer.Error) return answer.Body;
            if (answer.Res.ValueKind == JsonValueKind.String) return answer.Res.GetString();
            if (Stopwatch.GetElapsedTime(since) > BacklogPatience) return null;
        }
    }

    /// <summary>Jobs whose submitter got no answer at all are known to nobody; they end as well.</summary>
    private async Task DrainAsync()
    {
        var blocker = await _client.SubmitAsync(User, "twice", $"[{Interlocked.Increment(ref _submitted) - 1}]");
        await ResultAsync(blocker);
    }

    private async Task SubmitAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _submitted) - 1;
            try
            {
                var answer = await _client.PostAsync($"/u/{User}/fn/twice/run", $"[{number}]");
                if (!answer.Error) _acknowledged[answer.Res.GetString()!] = number;
                else if (answer.Code == "outcome_unknown") _uncertain[answer.Json.GetProperty("id").GetString()!] = number;
                else await BackOffAsync();
            }
            catch (HttpRequestException)
            {
                await BackOffAsync();
            }
        }
    }

    /// <summary>What a client does when it is refused: not ask again at once.</summary>
    private async Task BackOffAsync()
    {
        try
        {
            await Task.Delay(20, _over.Token);
        }
        catch (OperationCanceledException)
        {
            // The load is over.
        }
    }
}
