using System.Text.Json;

namespace FaaS.Hosts.Tests;

/// <summary>A queued job's place and estimated start, over REST.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class PositionTests(SharedDeployment platform)
{
    private const string Sleep = "async ms => { await new Promise(r => setTimeout(r, ms)); }";

    private readonly FaasClient _client = platform.Client;

    [Fact]
    public async Task QueuedJobs_SayWhichPlaceTheyHave_AndAboutWhenTheyStart()
    {
        var (greedy, modest) = (platform.NewUser(), platform.NewUser());
        foreach (var user in new[] { greedy, modest })
        {
            await _client.RegisterAsync(user, "f", Sleep);
            for (var at = 0; at < 3; at++) await _client.RunAsync(user, "f", "[100]");
        }
        var jobs = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => _client.SubmitAsync(greedy, "f", "[100]")));
        var waiting = (await _client.GetAsync($"/u/{greedy}/jobs?state=queued&limit=100")).Res.GetProperty("jobs");
        var own = await _client.SubmitAsync(modest, "f", "[100]");

        var last = waiting[0];
        var first = waiting[waiting.GetArrayLength() - 1];

        last.GetProperty("position").GetInt32().Should().BeInRange(30, 60);
        first.GetProperty("position").GetInt32().Should().BeLessThan(last.GetProperty("position").GetInt32());
        Time(last, "estimatedStartAt").Should().BeAfter(Time(first, "estimatedStartAt"));
        var info = await _client.InfoAsync(own);
        if (info.GetProperty("state").GetString() == "queued")
            info.GetProperty("position").GetInt32().Should().BeLessThan(10, "it does not stand behind another's sixty");
        foreach (var job in jobs) await _client.ResultAsync(job);
        var ended = await _client.InfoAsync(last.GetProperty("id").GetString()!);
        var (said, was) = (Time(last, "estimatedStartAt") - Time(ended, "submittedAt"), Time(ended, "startedAt") - Time(ended, "submittedAt"));
        (said / was).Should().BeInRange(0.3, 3, "it was to wait {0} and waited {1}", said, was);
        ended.GetProperty("position").ValueKind.Should().Be(JsonValueKind.Null);
        ended.GetProperty("estimatedStartAt").ValueKind.Should().Be(JsonValueKind.Null);
    }

    private static DateTimeOffset Time(JsonElement job, string name) => job.GetProperty(name).GetDateTimeOffset();
}
