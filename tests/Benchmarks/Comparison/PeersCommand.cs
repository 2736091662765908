using System.Globalization;
using System.Text;
using FaaS.Benchmarks.Load;

namespace FaaS.Benchmarks.Comparison;

/// <summary>The verb <c>peers</c>: alternating rounds of ours and theirs in one run; only ratios are worth keeping.</summary>
internal static class PeersCommand
{
    private const int IdleJobs = 300;
    private const string Ours = "ours";
    private const string OursSplit = "ours, split";

    public static async Task<int> RunAsync(Options options)
    {
        options.Only("rounds", "seconds", "connections", "out", "only");
        if (await Tools.MissingAsync().ConfigureAwait(false) is { } missing)
        {
            await Console.Error.WriteLineAsync(missing).ConfigureAwait(false);
            return 2;
        }
        var rounds = options.Number("rounds", 5);
        var plan = new Plan(options.Number("seconds", 10), options.Number("connections", 32));
        (string Name, Func<Task<Round>> Run)[] peers =
        [
            (Ours, () => OursAsync(PlatformKind.Dev, plan)),
            (OursSplit, () => OursAsync(PlatformKind.Split, plan)),
            ("ours, split, 2 workers", () => OursAsync(PlatformKind.SplitTwoWorkers, plan)),
            ("ours, split, CURVE", () => OursAsync(PlatformKind.SplitCurve, plan)),
            ("bullmq-vm", () => BullMqAsync("vm", 0, plan)),
            ("bullmq-vm, 2 worker processes", () => BullMqAsync("vm", 2, plan)),
            ("bullmq-plain", () => BullMqAsync("plain", 0, plan)),
            ("workerd (synchronous)", () => WorkerdAsync(plan)),
        ];
        if (options.Text("only") is { } only)
        {
            var names = only.Split(';');
            if (names.FirstOrDefault(name => peers.All(peer => peer.Name != name)) is { } unknown)
            {
                await Console.Error.WriteLineAsync(
                    $"There is no '{unknown}'; choose from {string.Join("; ", peers.Select(peer => peer.Name))}.").ConfigureAwait(false);
                return 2;
            }
            peers = [.. peers.Where(peer => names.Contains(peer.Name))];
        }
        var found = peers.ToDictionary(peer => peer.Name, _ => new List<Round>());
        var loads = new List<string>();
        for (var round = 0; round < rounds; round++)
        {
            loads.Add((await File.ReadAllTextAsync("/proc/loadavg").ConfigureAwait(false)).Trim());
            // Each round begins with another one, so that nobody always runs after the same neighbour.
            for (var at = 0; at < peers.Length; at++)
            {
                var (name, run) = peers[(at + round) % peers.Length];
                found[name].Add(await run().ConfigureAwait(false));
                await Console.Out.WriteLineAsync(Text($"round {round + 1}: {name} {found[name][^1].PerSecond:F0}/s")).ConfigureAwait(false);
            }
        }
        var commit = (await Tools.OutputAsync("git", "rev-parse", "--short", "HEAD").ConfigureAwait(false)).Trim();
        var call = await CallNoteAsync().ConfigureAwait(false);
        var report = Report(found, loads, call, Text($"Commit {commit}; `{options.Command("peers")}`."));
        await Console.Out.WriteLineAsync(report).ConfigureAwait(false);
        await File.WriteAllTextAsync(options.Text("out") ?? "peers.md", report).ConfigureAwait(false);
        return 0;
    }

    private static async Task<Round> OursAsync(PlatformKind kind, Plan plan)
    {
        await using var platform = await Platform.OpenAsync(null, kind).ConfigureAwait(false);
        var driver = new Driver(platform);
        await driver.RegisterAsync("bench", "add", LoadCommand.Add).ConfigureAwait(false);
        var throughput = await driver.ThroughputAsync("bench", plan.Connections, plan.Seconds).ConfigureAwait(false);
        if (throughput.Errors > 0) throw new InvalidDataException(Text($"{throughput.Errors} of our jobs failed."));
        var idle = await driver.LatencyAsync("bench", measured: IdleJobs).ConfigureAwait(false);
        return new Round(throughput.JobsPerSecond, idle.P50Ms);
    }

    /// <summary>Says why ours does not stand beside workerd, while there is no synchronous route.</summary>
    private static async Task<string> CallNoteAsync()
    {
        await using var platform = await Platform.OpenAsync(null, PlatformKind.Dev).ConfigureAwait(false);
        var driver = new Driver(platform);
        await driver.RegisterAsync("bench", "add", LoadCommand.Add).ConfigureAwait(false);
        using var client = await driver.ConnectAsync().ConfigureAwait(false);
        var status = await client.SendAsync(RawClient.Encode("POST", "/u/bench/fn/add/call", "[5,6]")).ConfigureAwait(false);
        return status == 404
            ? "Ours beside workerd is skipped: the platform has no `call` route yet (404)."
            : Text($"The platform answers `call` with {status}; this command does not measure it yet.");
    }

    private static async Task<Round> BullMqAsync(string mode, int workers, Plan plan)
    {
        var port = Tools.FreePort();
        var data = Directory.CreateTempSubdirectory("faas-redis-").FullName;
        var redis = await Tools.ServeAsync(port, "redis-server", "--port", Text($"{port}"), "--bind", "127.0.0.1", "--dir", data,
            "--appendonly", "yes", "--appendfsync", "always", "--save", "").ConfigureAwait(false);
        try
        {
            var line = await Tools.OutputAsync("node", "bullmq.mjs", Text($"{port}"), mode, Text($"{plan.Connections}"), Text($"{plan.Seconds}"),
                Text($"{workers}"), Text($"{IdleJobs}")).ConfigureAwait(false);
            return new Round(Tools.Number(line, "jobsPerSecond"), Tools.Number(line, "idleP50Ms"));
        }
        finally
        {
            await Tools.StopAsync(redis).ConfigureAwait(false);
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<Round> WorkerdAsync(Plan plan)
    {
        var port = Tools.FreePort();
        var workerd = await Tools.ServeAsync(port, Path.Combine(Tools.Folder, "node_modules/@cloudflare/workerd-linux-64/bin/workerd"),
            "serve", "workerd.capnp", "--socket-addr", Text($"http=127.0.0.1:{port}")).ConfigureAwait(false);
        try
        {
            var output = await Tools.OutputAsync("wrk", "-t1", Text($"-c{plan.Connections}"), Text($"-d{plan.Seconds}s"), "-s", "post.lua",
                Text($"http://127.0.0.1:{port}/")).ConfigureAwait(false);
            if (output.Contains("Non-2xx", StringComparison.Ordinal)) throw new InvalidOperationException(output);
            var line = output.Split('\n').First(text => text.StartsWith("Requests/sec:", StringComparison.Ordinal));
            return new Round(double.Parse(line["Requests/sec:".Length..], CultureInfo.InvariantCulture), null);
        }
        finally
        {
            await Tools.StopAsync(workerd).ConfigureAwait(false);
        }
    }

    private static string Report(Dictionary<string, List<Round>> found, List<string> loads, string call, string origin)
    {
        var text = new StringBuilder(
            "Ratios are the median of those of each round: the machine's speed changes between rounds.\n\n"
            + "| what | per second, median | lowest | highest | Dev / theirs | split / theirs | idle p50 ms |\n");
        text.Append("|---|---|---|---|---|---|---|\n");
        foreach (var (name, rounds) in found)
        {
            var median = Median(rounds.Select(round => round.PerSecond));
            var ratio = name.StartsWith("bullmq", StringComparison.Ordinal) ? $"{Ratio(found, Ours, rounds)} | {Ratio(found, OursSplit, rounds)}" : " | ";
            var idle = rounds[0].IdleP50Ms is null ? "" : Text($"{Median(rounds.Select(round => round.IdleP50Ms!.Value)):F2}");
            text.Append(Text($"| {name} | {median:F0} | {rounds.Min(round => round.PerSecond):F0} "));
            text.Append(Text($"| {rounds.Max(round => round.PerSecond):F0} | {ratio} | {idle} |\n"));
        }
        text.Append(Text($"\n{call}\n{origin}\n"));
        for (var round = 0; round < loads.Count; round++) text.Append(Text($"Load before round {round + 1}: {loads[round]}\n"));
        return text.ToString();
    }

    private static string Ratio(Dictionary<string, List<Round>> found, string ours, List<Round> theirs) =>
        found.TryGetValue(ours, out var rounds)
            ? Text($"{Median(rounds.Zip(theirs, (our, their) => our.PerSecond / their.PerSecond)):F2}")
            : "";

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>How long a round measures, and how many jobs are outstanding while it does.</summary>
    private sealed record Plan(int Seconds, int Connections);

    /// <summary>What one round of one peer gave; no idle latency where there is no job to wait for.</summary>
    private sealed record Round(double PerSecond, double? IdleP50Ms);
}
