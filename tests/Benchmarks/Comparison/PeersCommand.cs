using System.Globalization;
using System.Text;
using FaaS.Benchmarks.Load;

namespace FaaS.Benchmarks.Comparison;

/// <summary>The verb <c>peers</c>: alternating rounds of ours and theirs in one run; only ratios are worth keeping.</summary>
internal static class PeersCommand
{
    private const int Connections = 32;

    public static async Task<int> RunAsync(Options options)
    {
        if (await Tools.MissingAsync().ConfigureAwait(false) is { } missing)
        {
            await Console.Error.WriteLineAsync(missing).ConfigureAwait(false);
            return 2;
        }
        var rounds = options.Number("rounds", 5);
        var seconds = options.Number("seconds", 8);
        var found = new Dictionary<string, List<double>>
        {
            ["ours"] = [], ["bullmq-vm"] = [], ["bullmq-plain"] = [], ["workerd (synchronous)"] = [],
        };
        var loads = new List<string>();
        for (var round = 0; round < rounds; round++)
        {
            loads.Add((await File.ReadAllTextAsync("/proc/loadavg").ConfigureAwait(false)).Trim());
            found["ours"].Add(await OursAsync(seconds).ConfigureAwait(false));
            found["bullmq-vm"].Add(await BullMqAsync("vm", seconds).ConfigureAwait(false));
            found["bullmq-plain"].Add(await BullMqAsync("plain", seconds).ConfigureAwait(false));
            found["workerd (synchronous)"].Add(await WorkerdAsync(seconds).ConfigureAwait(false));
            await Console.Out.WriteLineAsync(string.Join(", ", found.Select(peer => Text($"{peer.Key} {peer.Value[^1]:F0}/s"))))
                .ConfigureAwait(false);
        }
        var commit = (await Tools.OutputAsync("git", "rev-parse", "--short", "HEAD").ConfigureAwait(false)).Trim();
        var report = Report(found, loads, commit, rounds, seconds);
        await Console.Out.WriteLineAsync(report).ConfigureAwait(false);
        await File.WriteAllTextAsync(options.Text("out") ?? "peers.md", report).ConfigureAwait(false);
        return 0;
    }

    private static async Task<double> OursAsync(int seconds)
    {
        await using var platform = await Platform.OpenAsync(null).ConfigureAwait(false);
        var driver = new Driver(platform);
        await driver.RegisterAsync("bench", "add", LoadCommand.Add).ConfigureAwait(false);
        return (await driver.ThroughputAsync("bench", Connections, seconds).ConfigureAwait(false)).JobsPerSecond;
    }

    private static async Task<double> BullMqAsync(string mode, int seconds)
    {
        var port = Tools.FreePort();
        var data = Directory.CreateTempSubdirectory("faas-redis-").FullName;
        var redis = await Tools.ServeAsync(port, "redis-server", "--port", Text($"{port}"), "--bind", "127.0.0.1", "--dir", data,
            "--appendonly", "yes", "--appendfsync", "always", "--save", "").ConfigureAwait(false);
        try
        {
            var line = await Tools.OutputAsync("node", "bullmq.mjs", Text($"{port}"), mode, Text($"{Connections}"), Text($"{seconds}"))
                .ConfigureAwait(false);
            return Tools.Number(line, "jobsPerSecond");
        }
        finally
        {
            await Tools.StopAsync(redis).ConfigureAwait(false);
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<double> WorkerdAsync(int seconds)
    {
        var port = Tools.FreePort();
        var workerd = await Tools.ServeAsync(port, Path.Combine(Tools.Folder, "node_modules/@cloudflare/workerd-linux-64/bin/workerd"),
            "serve", "workerd.capnp", "--socket-addr", Text($"http=127.0.0.1:{port}")).ConfigureAwait(false);
        try
        {
            var output = await Tools.OutputAsync("wrk", "-t1", Text($"-c{Connections}"), Text($"-d{seconds}s"), "-s", "post.lua",
                Text($"http://127.0.0.1:{port}/")).ConfigureAwait(false);
            if (output.Contains("Non-2xx", StringComparison.Ordinal)) throw new InvalidOperationException(output);
            var line = output.Split('\n').First(text => text.StartsWith("Requests/sec:", StringComparison.Ordinal));
            return double.Parse(line["Requests/sec:".Length..], CultureInfo.InvariantCulture);
        }
        finally
        {
            await Tools.StopAsync(workerd).ConfigureAwait(false);
        }
    }

    private static string Report(
        Dictionary<string, List<double>> found, List<string> loads, string commit, int rounds, int seconds)
    {
        var ours = Median(found["ours"]);
        var text = new StringBuilder("| what | per second, median | lowest | highest | ours / theirs |\n|---|---|---|---|---|\n");
        foreach (var (name, values) in found)
        {
            var median = Median(values);
            var ratio = name.StartsWith("bullmq", StringComparison.Ordinal) ? Text($"{ours / median:F2}") : "";
            text.Append(Text($"| {name} | {median:F0} | {values.Min():F0} | {values.Max():F0} | {ratio} |\n"));
        }
        text.Append("\nOurs beside workerd is not measured: the platform does not have `call` yet.\n");
        text.Append(Text($"Commit {commit}; `dotnet run -c Release --project tests/Benchmarks -- peers --rounds {rounds} --seconds {seconds}`.\n"));
        for (var round = 0; round < loads.Count; round++) text.Append(Text($"Load before round {round + 1}: {loads[round]}\n"));
        return text.ToString();
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
