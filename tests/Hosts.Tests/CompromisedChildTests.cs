using CsCheck;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared.Fuzzing;

namespace FaaS.Hosts.Tests;

/// <summary>
/// Somebody owns the process their function runs in. Beside the walls around that process there is only the pipe to the
/// worker, and over it nothing can be said but how one's own run ended. Children are not shared here, as an operator who
/// fears this sets it; a child that all share could answer for whoever comes after.
/// </summary>
public sealed class CompromisedChildTests
{
    private static readonly string[] Deeds =
    [
        "end twice", "end without end", "end as cancelled", "end as expired", "end with an outcome nobody knows",
        "end within a frame", "end with lengths that lie", "claim an hour", "be ready again", "speak in unknown kinds",
        "answer a check", "announce two gigabytes", "log without end", "log what is no JSON", "answer in what is no UTF-8",
        "write to the error output", "say nothing", "go away",
    ];

    /// <summary>What a deed that gives an answer of its own is allowed to end as; all others are a crash or a timeout.</summary>
    private static readonly string[] Answered =
        ["end twice", "end without end", "claim an hour", "log what is no JSON", "write to the error output"];

    [Fact]
    public async Task Child_WhateverItSays_SpeaksForItsOwnRunOnly()
    {
        await using var platform = Deploy.New(
            ("Sandbox__ChildPath", Path.Combine(AppContext.BaseDirectory, "FaaS.Tests.EvilChild.dll")),
            ("Sandbox__Reuse", "Owner"), ("Functions__Timeout", "00:00:01"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("ann", "f", "n => 'honest'");
        (await client.PostAsync("/u/eve")).Res.GetInt32().Should().Be(1);
        foreach (var (deed, at) in Deeds.Select((deed, at) => (deed, at)))
            (await client.PostAsync($"/u/eve/fn/f{at}", $"() => 'evil:{deed}'")).Error.Should().BeFalse(deed);
        using var stop = new CancellationTokenSource();
        var neighbour = RunHonestlyAsync(client, stop.Token);

        long billedMs = 0;
        foreach (var (deed, at) in Deeds.Select((deed, at) => (deed, at)))
        {
            var job = await client.SubmitAsync("eve", $"f{at}", "[]");
            var result = await client.ResultAsync(job);
            var info = await client.InfoAsync(job);
            var outcome = info.GetProperty("outcome").GetString();
            if (deed.Contains("UTF-8")) result.Should().Be("\"\uFFFD\"", "what is not text is not passed on");
            else if (Answered.Contains(deed) && outcome == "success") result.Should().Be("mine", deed);
            else outcome.Should().BeOneOf(["crashed", "timeout"], deed);
            info.GetProperty("wallMs").GetDecimal().Should().BeLessThan(5_000, deed);
            info.GetProperty("coldStartMs").GetDecimal().Should().BeLessThanOrEqualTo(info.GetProperty("wallMs").GetDecimal(), deed);
            await CheckAnswersAsync(platform, job, deed);
            billedMs += (long)info.GetProperty("wallMs").GetDecimal();
        }
        await stop.CancelAsync();

        (await neighbour).Should().BeGreaterThan(Deeds.Length, "the neighbour was served all the while");
        (await client.GetAsync("/u/ann/time")).Res.GetInt64().Should().BeLessThan(5_000);
        // What crashed was tried twice, and each attempt is billed for what it lasted.
        (await client.GetAsync("/u/eve/time")).Res.GetInt64().Should().BeInRange(billedMs / 2, Deeds.Length * 2 * 2_000);
        await BabbleAsync(platform, client);
    }

    /// <summary>A child that says anything at all, in any order: it harms its own run, and neither the worker nor the neighbour.</summary>
    private static async Task BabbleAsync(IDeployment platform, FaasClient client)
    {
        const long MemoryBytesMax = 1L << 30;
        var ended = new HashSet<string>();

        await Fuzz.RunAsync("babbling children", 4, Gen.Int[0, int.MaxValue], async seed =>
        {
            // A user for each: who loses three children is given fewer.
            var user = $"eve{seed}";
            await client.RegisterAsync(user, "f", $"() => 'evil:babble {seed}'");
            var job = await client.SubmitAsync(user, "f", "[]");
            var neighbour = await client.RunAsync("ann", "f", $"[{seed}]");
            neighbour.Json.GetProperty("result").GetString().Should().Be($"honest [{seed}]");

            await client.ResultAsync(job);
            var outcome = (await client.InfoAsync(job)).GetProperty("outcome").GetString()!;
            ended.Add(outcome);
            outcome.Should().NotBe("cancelled").And.NotBe("expired");
            await CheckAnswersAsync(platform, job, "babble");
            (await client.MetricAsync(platform.WorkerHealth, "dotnet_process_memory_working_set_bytes")).Should().BeLessThan(MemoryBytesMax);
            await client.DeleteAsync($"/u/{user}");
        });

        if (Fuzz.IsLong) ended.Should().Contain("crashed").And.HaveCountGreaterThan(3);
    }

    /// <summary>Whatever a child gave, what users get of it is JSON to the last byte.</summary>
    private static async Task CheckAnswersAsync(IDeployment platform, string job, string because)
    {
        using var http = new HttpClient();
        foreach (var part in new[] { "res", "info", "logs" })
        {
            var body = await http.GetByteArrayAsync(new Uri(platform.Url, $"/j/{job}/{part}"));
            JsonByTheBook.TryRead(body, 1_000, out _).Should().BeTrue("{0} of a run that chose to {1} is JSON", part, because);
        }
    }

    /// <summary>Runs one after another, each with an argument of its own; gives how many.</summary>
    private static async Task<int> RunHonestlyAsync(FaasClient client, CancellationToken stop)
    {
        var runs = 0;
        for (; !stop.IsCancellationRequested; runs++)
        {
            var answer = await client.RunAsync("ann", "f", $"[{runs}]");
            answer.Json.GetProperty("result").GetString().Should().Be($"honest [{runs}]");
            answer.Json.GetProperty("outcome").GetString().Should().Be("success");
        }
        return runs;
    }
}
