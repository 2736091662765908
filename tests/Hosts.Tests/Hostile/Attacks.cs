using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace FaaS.Hosts.Tests.Hostile;

/// <summary>
/// Runs hostile functions over REST, and notes all that did not end as it should. Each lane is a set of users who attack one
/// after another; a user is on probation after three lost children in ten seconds, and then has one slot, which is all that a
/// lane takes at a time. What failed by being late, and might be a busy machine's fault, is repeated alone: late then, it has failed.
/// </summary>
/// <param name="limit">The time a function has.</param>
/// <param name="grace">What it may take beyond, until it has ended as the platform measures it.</param>
public sealed class Attacks(FaasClient client, IReadOnlyList<HostileFunction> functions, TimeSpan limit, TimeSpan grace)
{
    private const int Lanes = 3;
    private const int UsersPerLane = 4;

    /// <summary>All that a run may have written to the console, in bytes of the answer (docs/api.md: 64 KiB), and its envelope.</summary>
    private const int LogBytesMax = (64 << 10) + 100;

    private readonly ConcurrentQueue<string> _failures = [];
    private readonly ConcurrentQueue<(string Function, double Ms)> _times = [];
    private readonly ConcurrentQueue<int> _late = [];
    private int _repeated;

    /// <summary>What went wrong, each with what it gave and what was expected.</summary>
    public IReadOnlyList<string> Failures => [.. _failures];

    /// <summary>The runs that took longest, for whoever reads the test's output.</summary>
    public string Slowest() => string.Join(", ", _times.OrderByDescending(run => run.Ms).Take(5).Select(run => $"{run.Function} {run.Ms:0} ms"));

    /// <summary>How many were late beside others, and were repeated alone.</summary>
    public int Repeated => _repeated;

    /// <summary>How many runs there were.</summary>
    public int Runs => _times.Count;

    /// <summary>Registers everybody. Functions that are to be refused are tried in each round.</summary>
    public async Task PrepareAsync()
    {
        foreach (var user in Enumerable.Range(0, Lanes * UsersPerLane).Select(UserAt))
            (await client.PostAsync($"/u/{user}")).Error.Should().BeFalse();
        foreach (var (function, at) in functions.Select((function, at) => (function, at)).Where(entry => !entry.function.IsRefused))
            foreach (var user in UsersOf(function, at)) await RegisterAsync(function, user, at);
    }

    /// <summary>Each function once.</summary>
    public async Task RoundAsync()
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async _ =>
        {
            for (var at = Interlocked.Increment(ref next); at < functions.Count; at = Interlocked.Increment(ref next))
                await AttackAsync(functions[at], at, isAlone: false);
        }));
        for (; _late.TryDequeue(out var at); _repeated++) await AttackAsync(functions[at], at, isAlone: true);
    }

    private async Task AttackAsync(HostileFunction function, int at, bool isAlone)
    {
        try
        {
            if (function.IsRefused) await RegisterAsync(function, UserAt(at % (Lanes * UsersPerLane)), at);
            else if (function.Family == HostileFunction.Leftovers) await LookAsync(function, at, isAlone);
            else Judge(function, at, await RunAsync(function, UsersOf(function, at).First(), at, "[]"), isAlone);
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidOperationException or KeyNotFoundException
            or TimeoutException or JsonException or TaskCanceledException)
        {
            _failures.Enqueue($"{function}: {exception.Message}");
        }
    }

    /// <summary>
    /// Two tenants with the same source, which is compiled once: what the one leaves, the other must not find. As often as there
    /// are lanes, so that each of the children may be the one that both have.
    /// </summary>
    private async Task LookAsync(HostileFunction function, int at, bool isAlone)
    {
        var users = UsersOf(function, at).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => RunAsync(function, users[0], at, "[\"leave\"]")));
        foreach (var run in await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => RunAsync(function, users[1], at, "[\"look\"]"))))
        {
            Judge(function, at, run, isAlone);
            if (run.Logs.Contains("secret", StringComparison.Ordinal)) _failures.Enqueue($"{function}: reads another's log: {run.Logs}");
        }
    }

    private async Task RegisterAsync(HostileFunction function, string user, int at)
    {
        var answer = await client.PostAsync($"/u/{user}/fn/f{at}", function.Source);
        var isRefused = answer.Status == HttpStatusCode.UnprocessableEntity && answer.Code == "invalid_source";
        if (isRefused != function.IsRefused || (answer.Error && !isRefused))
            _failures.Enqueue($"{function}: registering it gave {(int)answer.Status} {Cut(answer.Body)}, expected {string.Join(" | ", function.Ends)}");
    }

    private async Task<Run> RunAsync(HostileFunction function, string user, int at, string arguments)
    {
        var answer = await client.RunAsync(user, $"f{at}", arguments);
        if (answer.Error || answer.Json.GetProperty("status").GetInt32() != 1)
            throw new InvalidOperationException($"did not end within a minute: {Cut(answer.Body)}");
        var job = answer.Res.GetString()!;
        var info = await client.InfoAsync(job);
        var run = new Run(
            answer.Json.GetProperty("outcome").GetString()!, answer.Json.GetProperty("result").GetString() ?? "",
            info.GetProperty("endedAt").GetDateTimeOffset() - info.GetProperty("startedAt").GetDateTimeOffset(),
            info.GetProperty("wallMs").GetDouble(), info.GetProperty("attempts").GetInt32(), (await client.GetAsync($"/j/{job}/logs")).Body);
        _times.Enqueue((function + " " + run.Outcome, run.Lasted.TotalMilliseconds));
        return run;
    }

    private void Judge(HostileFunction function, int at, Run run, bool isAlone)
    {
        var isLate = run.Lasted > limit + grace || run.WallMs > (limit + grace).TotalMilliseconds;
        var isRight = function.Allows(run.Outcome, run.Text);
        if (!isAlone && (isRight ? isLate : run.Outcome == "timeout"))
        {
            _late.Enqueue(at);
            return;
        }

        var wrong = new List<string>();
        if (!isRight) wrong.Add($"gave {run.Outcome} {JsonSerializer.Serialize(Cut(run.Text))}, expected {string.Join(" | ", function.Ends)}");
        if (isLate)
            wrong.Add($"lasted {run.Lasted.TotalMilliseconds:0} ms (wall {run.WallMs:0}), {(limit + grace).TotalMilliseconds:0} are allowed");
        if (run.Text.Contains(AppContext.BaseDirectory, StringComparison.Ordinal) || run.Text.Contains("FaaS.", StringComparison.Ordinal)) wrong.Add($"tells of the host: {Cut(run.Text)}");
        if (run.Attempts != 1) wrong.Add($"was tried {run.Attempts} times");
        if (Encoding.UTF8.GetByteCount(run.Logs) > LogBytesMax) wrong.Add($"logged {run.Logs.Length} characters");
        if (wrong.Count > 0) _failures.Enqueue($"{function}: {string.Join("; ", wrong)}");
    }

    /// <summary>Whose function it is: one user's, or for leftovers two tenants'.</summary>
    private static IEnumerable<string> UsersOf(HostileFunction function, int at) =>
        Enumerable.Range(at, function.Family == HostileFunction.Leftovers ? 2 : 1).Select(user => UserAt(user % (Lanes * UsersPerLane)));

    private static string UserAt(int at) => $"eve{at.ToString(CultureInfo.InvariantCulture)}";

    private static string Cut(string text) => text.Length <= 200 ? text : text[..200] + "…";

    private sealed record Run(string Outcome, string Text, TimeSpan Lasted, double WallMs, int Attempts, string Logs);
}
