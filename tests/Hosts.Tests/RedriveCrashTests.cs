using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests;

/// <summary>Everything dies while many jobs are redriven; whoever asks again has each of them once.</summary>
public sealed class RedriveCrashTests
{
    private const int Jobs = 80;

    [Fact]
    public async Task Kill_WhileManyAreRedriven_LosesAndRepeatsNothing()
    {
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("ann", "f", "() => { throw new Error('no'); }");
        var failed = await Task.WhenAll(Enumerable.Range(0, Jobs).Select(_ => client.SubmitAsync("ann", "f", "[]")));
        foreach (var job in failed) await client.ResultAsync(job);
        (await client.PostAsync("/u/ann/fn/f", "() => 'mended'")).Error.Should().BeFalse();

        var cutOff = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AskAsync(client)));
        await platform.KillAsync();
        await cutOff;
        await platform.StartAsync();
        var redriven = new HashSet<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var part = (await client.PostAsync($"/u/ann/jobs/redrive?state=failed&version=current&limit=50&cursor={cursor}")).Res;
            part.GetProperty("stopped").GetString().Should().BeNull();
            foreach (var job in part.GetProperty("jobs").EnumerateArray()) redriven.Add(job.GetProperty("id").GetString()!);
            cursor = part.GetProperty("cursor").GetString();
        }

        redriven.Should().HaveCount(Jobs);
        foreach (var job in redriven) (await client.ResultAsync(job)).Should().Be("mended");
        var all = new List<string?>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await client.GetAsync($"/u/ann/jobs?state=succeeded&limit=200&cursor={cursor}")).Res;
            all.AddRange(page.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("redriveOf").GetString()));
            cursor = page.GetProperty("cursor").GetString();
        }
        all.Should().BeEquivalentTo(failed, "each failed job was run again once, whoever asked how often");
    }

    /// <summary>A request whose answer may never come.</summary>
    private static async Task AskAsync(FaasClient client)
    {
        try
        {
            await client.PostAsync("/u/ann/jobs/redrive?state=failed&version=current");
        }
        catch (HttpRequestException)
        {
            // The platform died under it.
        }
    }
}
