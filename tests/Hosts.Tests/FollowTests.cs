using System.Net;
using System.Text.Json;
using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests;

/// <summary>Log lines as they are written.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class FollowTests(SharedDeployment platform) : IDisposable
{
    private const string Chatty = """
        async (n, ms) => { for (let at = 0; at < n; at++) { console.info('line', at); await new Promise(r => setTimeout(r, ms)); } return n; }
        """;

    private readonly FaasClient _client = platform.Client;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly string _user = platform.NewUser();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Lines_ComeWhileTheJobRuns_AndTheStreamEndsWithIt()
    {
        await RegisterAsync();
        var job = await _client.SubmitAsync(_user, "f", "[6, 300]");
        using var stream = await FollowAsync(job);

        var first = await NextAsync(stream);
        var running = (await _client.InfoAsync(job)).GetProperty("state").GetString();
        var rest = await AllAsync(stream);

        first.GetProperty("text").GetString().Should().Be("line 0");
        first.GetProperty("level").GetString().Should().Be("info");
        running.Should().Be("running", "the first line came before the end");
        rest.Select(line => line.GetProperty("text").GetString()).Should().Equal("line 1", "line 2", "line 3", "line 4", "line 5");
        (await _client.GetAsync($"/j/{job}")).Res.GetInt32().Should().Be(1, "the stream ends when the job has ended");
        var stored = (await _client.GetAsync($"/j/{job}/logs")).Res.EnumerateArray().Select(line => line.GetRawText());
        rest.Prepend(first).Select(line => line.GetRawText()).Should().Equal(stored);
    }

    [Fact]
    public async Task Follow_OfAnEndedJob_HasAllItsLines()
    {
        await RegisterAsync();
        var job = (await _client.RunAsync(_user, "f", "[3, 1]")).Res.GetString()!;
        var silent = (await _client.RunAsync(_user, "f", "[0, 1]")).Res.GetString()!;

        using var stream = await FollowAsync(job);
        using var nothing = await FollowAsync(silent);

        (await AllAsync(stream)).Select(line => line.GetProperty("text").GetString()).Should().Equal("line 0", "line 1", "line 2");
        (await AllAsync(nothing)).Should().BeEmpty();
        (await _client.GetAsync($"/j/{new string('0', 24)}/logs?follow")).Code.Should().Be("job_not_found");
    }

    /// <summary>A follower that came late, and many at once, hear the same.</summary>
    [Fact]
    public async Task Follow_ByMany_HasEveryLineOnceAndInOrder()
    {
        await RegisterAsync();
        var job = await _client.SubmitAsync(_user, "f", "[40, 25]");

        var heard = await Task.WhenAll(Enumerable.Range(0, 8).Select(async at =>
        {
            if (at % 2 == 1) await _client.RunsAsync(job);
            using var stream = await FollowAsync(job);
            return (await AllAsync(stream)).ConvertAll(line => line.GetProperty("text").GetString());
        }));

        foreach (var lines in heard) lines.Should().Equal(Enumerable.Range(0, 40).Select(at => $"line {at}"));
    }

    [Fact]
    public async Task Follow_WhenTheFunctionHasSecrets_ShowsNothingBeforeItIsClean()
    {
        await _client.RegisterAsync(_user, "f", "async () => { console.log('hun'); console.log('ter22'); await new Promise(r => setTimeout(r, 500)); console.log('end'); }");
        await _client.PutAsync($"/u/{_user}/fn/f/config", """{"secrets": {"TOKEN": "hunter22"}}""");
        var job = await _client.SubmitAsync(_user, "f", "[]");
        using var stream = await FollowAsync(job);

        var first = await NextAsync(stream);
        var lines = await AllAsync(stream);

        (await _client.GetAsync($"/j/{job}")).Res.GetInt32().Should().Be(1);
        string.Concat(lines.Prepend(first).Select(line => line.GetProperty("text").GetString())).Should().NotContain("hunter22").And.EndWith("end");
    }

    /// <summary>A job that is tried again begins anew; whoever follows hears the last attempt whole.</summary>
    [Fact]
    public async Task Follow_OverAnAttemptThatCrashes_HasTheLastAttemptWhole()
    {
        await _client.RegisterAsync(_user, "f", Chatty);
        await _client.PutAsync($"/u/{_user}/fn/f/config", """{"retry": {"attempts": 2, "backoffMs": 1}, "timeoutMs": 30000}""");
        var job = await _client.SubmitAsync(_user, "f", "[6, 300]");
        using var stream = await FollowAsync(job);
        (await NextAsync(stream)).GetProperty("text").GetString().Should().Be("line 0");
        foreach (var child in platform.Deployment.SandboxProcesses()) HostProcess.KillProcess(child);

        var rest = (await AllAsync(stream)).ConvertAll(line => line.GetProperty("text").GetString());

        rest.TakeLast(6).Should().Equal(Enumerable.Range(0, 6).Select(at => $"line {at}"));
        (await _client.InfoAsync(job)).GetProperty("attempts").GetInt32().Should().Be(2);
    }

    private Task RegisterAsync() => _client.RegisterAsync(_user, "f", Chatty);

    private async Task<StreamReader> FollowAsync(string job)
    {
        var path = new Uri(platform.Deployment.Url, $"/j/{job}/logs?follow");
        var response = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/x-ndjson");
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<JsonElement> NextAsync(StreamReader stream)
    {
        while (await stream.ReadLineAsync() is { } line)
            if (line.Length > 0) return JsonDocument.Parse(line).RootElement;
        throw new EndOfStreamException("The stream ended before the next line.");
    }

    private static async Task<List<JsonElement>> AllAsync(StreamReader stream)
    {
        var lines = new List<JsonElement>();
        while (await stream.ReadLineAsync() is { } line)
            if (line.Length > 0) lines.Add(JsonDocument.Parse(line).RootElement);
        return lines;
    }
}
