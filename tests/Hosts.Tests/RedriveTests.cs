using System.Net;
using System.Text.Json;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>Dead letters, redriving them, and what is done with many jobs at once.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class RedriveTests(SharedDeployment platform)
{
    private const string Fragile = "(n) => { if (n < 0) throw new Error('below zero'); return n; }";

    private readonly FaasClient _client = platform.Client;
    private readonly string _user = platform.NewUser();

    [Fact]
    public async Task DeadLetter_IsListedAndRedriven_AndSaysWhyItEnded()
    {
        await _client.RegisterAsync(_user, "f", "async ms => { await new Promise(r => setTimeout(r, ms)); return 'done'; }");
        await _client.PutAsync($"/u/{_user}/fn/f/config", """{"retry": {"attempts": 1}, "timeoutMs": 20000}""");
        var job = await _client.SubmitAsync(_user, "f", "[15000]");
        await _client.RunsAsync(job);
        foreach (var child in platform.Deployment.SandboxProcesses()) HostProcess.KillProcess(child);
        (await _client.ResultAsync(job)).Should().StartWith("CrashedError: ");

        var dead = (await GetAsync("?state=dead_lettered")).GetProperty("jobs");

        dead.EnumerateArray().Select(entry => entry.GetProperty("id").GetString()).Should().Equal(job);
        dead[0].GetProperty("outcome").GetString().Should().Be("crashed");
        dead[0].GetProperty("error").GetProperty("name").GetString().Should().Be("CrashedError");
        (await _client.PostAsync($"/u/{_user}/fn/f", "() => 'mended'")).Error.Should().BeFalse();
        var again = await DoAsync("POST", "jobs/redrive?version=current");
        again.GetProperty("redriven").GetInt32().Should().Be(1);
        var redriven = again.GetProperty("jobs")[0].GetProperty("id").GetString()!;
        (await _client.ResultAsync(redriven)).Should().Be("mended");
        (await _client.InfoAsync(job)).GetProperty("state").GetString().Should().Be("dead_lettered", "the old one stays as it is");
        await Eventually.HoldsAsync(async () => (await _client.GetAsync("/health/ready")).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Redrive_RunsTheSameCallAgain_OnTheJobsVersionOrTheCurrentOne()
    {
        await _client.RegisterAsync(_user, "f", Fragile);
        var failed = await FailedAsync();
        (await _client.PostAsync($"/u/{_user}/fn/f", "n => n * 2")).Error.Should().BeFalse();

        var own = await _client.PostAsync($"/j/{failed}/redrive");
        var current = await _client.PostAsync($"/j/{failed}/redrive?version=current");

        own.Status.Should().Be(HttpStatusCode.OK);
        own.Location!.ToString().Should().Be($"/j/{own.Res.GetString()}");
        own.Json.GetProperty("redriveOf").GetString().Should().Be(failed);
        (await _client.ResultAsync(own.Res.GetString()!)).Should().Be("Error: below zero");
        (await _client.ResultAsync(current.Res.GetString()!)).Should().Be("-2");
        var info = await _client.InfoAsync(own.Res.GetString()!);
        info.GetProperty("redriveOf").GetString().Should().Be(failed);
        info.GetProperty("version").GetInt32().Should().Be(1);
        (await _client.InfoAsync(current.Res.GetString()!)).GetProperty("version").GetInt32().Should().Be(2);
    }

    [Fact]
    public async Task Redrive_SentTwiceOrByManyAtOnce_IsOneJob_WhichMayBeRedrivenItself()
    {
        await _client.RegisterAsync(_user, "f", Fragile);
        var failed = await FailedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _client.PostAsync($"/j/{failed}/redrive")));
        var first = answers[0].Res.GetString()!;
        await _client.ResultAsync(first);
        var late = await _client.PostAsync($"/j/{failed}/redrive?version=own");
        var next = (await _client.PostAsync($"/j/{first}/redrive")).Res.GetString()!;

        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK && answer.Res.GetString() == first);
        late.Res.GetString().Should().Be(first);
        next.Should().NotBe(first);
        await _client.ResultAsync(next);
        (await GetAsync("")).GetProperty("jobs").GetArrayLength().Should().Be(3);
        (await _client.InfoAsync(next)).GetProperty("redriveOf").GetString().Should().Be(first);
    }

    [Fact]
    public async Task Redrive_OfLargeArguments_HasThemWhole()
    {
        await _client.RegisterAsync(_user, "f", "text => { if (!env.OK) throw new Error('not yet'); return text.length; }");
        var failed = (await _client.RunAsync(_user, "f", JsonSerializer.Serialize(new[] { new string('x', 200_000) }))).Res.GetString();
        await _client.PutAsync($"/u/{_user}/fn/f/config", """{"env": {"OK": "1"}}""");

        var again = await _client.PostAsync($"/j/{failed}/redrive");

        (await _client.ResultAsync(again.Res.GetString()!)).Should().Be("200000");
    }

    [Fact]
    public async Task Redrive_OfWhatCannotBe_SaysWhy()
    {
        await _client.RegisterAsync(_user, "f", "async n => { await new Promise(r => setTimeout(r, n)); if (n < 0) throw 1; }");
        var good = (await _client.RunAsync(_user, "f", "[0]")).Res.GetString();
        var failed = await FailedAsync();
        var running = await _client.SubmitAsync(_user, "f", "[1500]");

        await ExpectAsync($"/j/{good}/redrive", HttpStatusCode.Conflict, "conflict", "has succeeded");
        await ExpectAsync($"/j/{running}/redrive", HttpStatusCode.Conflict, "conflict", "has not ended");
        await ExpectAsync($"/j/{failed}/redrive?version=2", HttpStatusCode.BadRequest, "bad_request", "own or current");
        await ExpectAsync($"/j/{new string('0', 24)}/redrive", HttpStatusCode.NotFound, "job_not_found", "There is no job");
        await ExpectAsync("/j/x/redrive", HttpStatusCode.BadRequest, "invalid_name", "id must match");
        await _client.DeleteAsync($"/u/{_user}/fn/f");
        await ExpectAsync($"/j/{failed}/redrive", HttpStatusCode.NotFound, "function_not_found", "has no function 'f'");
        (await DoAsync("POST", "jobs/redrive?state=failed")).GetProperty("refused").GetProperty("function_not_found").GetInt32().Should().Be(1);
        await _client.DeleteAsync($"/j/{failed}");
        await ExpectAsync($"/j/{failed}/redrive", HttpStatusCode.NotFound, "job_not_found", "may have been deleted");
        await _client.PostAsync($"/u/{_user}/fn/f", "() => { throw 1; }");
        failed = await FailedAsync();
        await _client.RegisterAsync(_user, "f", "() => 'the next owner of the name'");
        await ExpectAsync($"/j/{failed}/redrive?version=current", HttpStatusCode.NotFound, "job_not_found", "There is no job");

        async Task ExpectAsync(string path, HttpStatusCode status, string code, string says)
        {
            var answer = await _client.PostAsync(path);
            (answer.Status, answer.Code).Should().Be((status, code), answer.Body);
            answer.Res.GetString().Should().Contain(says);
        }
    }

    [Fact]
    public async Task Redrive_OfMany_GoesOnByItsCursor_AndRunsEachOnce()
    {
        await _client.RegisterAsync(_user, "f", Fragile);
        var failed = new List<string>();
        for (var at = 0; at < 5; at++) failed.Add(await FailedAsync());
        (await _client.PostAsync($"/u/{_user}/fn/f", "n => 'mended'")).Error.Should().BeFalse();
        var (of, ids) = (new List<string>(), new List<string>());

        for (string? cursor = ""; cursor is not null;)
        {
            var part = await DoAsync("POST", $"jobs/redrive?state=failed&version=current&limit=2&cursor={cursor}");
            of.AddRange(part.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("redriveOf").GetString()!));
            ids.AddRange(part.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            part.GetProperty("redriven").GetInt32().Should().Be(part.GetProperty("jobs").GetArrayLength());
            cursor = part.GetProperty("cursor").GetString();
        }
        var again = await DoAsync("POST", "jobs/redrive?state=failed&version=current");

        of.Should().Equal(Enumerable.Reverse(failed));
        foreach (var id in ids) (await _client.ResultAsync(id)).Should().Be("mended");
        again.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("id").GetString()).Should().Equal(ids);
        (await GetAsync("")).GetProperty("jobs").GetArrayLength().Should().Be(10);
    }

    [Fact]
    public async Task Redrive_OverAQuota_StopsThere_AndGoesOnLater()
    {
        await _client.RegisterAsync(_user, "f", Fragile);
        var failed = new List<string>();
        for (var at = 0; at < 3; at++) failed.Add(await FailedAsync());
        await _client.PostAsync($"/u/{_user}/fn/slow", "async () => { await new Promise(r => setTimeout(r, 1500)); }");
        await _client.PutAsync($"/u/{_user}/fn/f/config", """{"concurrency": 1}""");
        await _client.PutAsync($"/u/{_user}/quotas", """{"queuedJobs": 2, "concurrentJobs": 1}""");
        var holder = await _client.SubmitAsync(_user, "slow", "[]");
        await _client.RunsAsync(holder);

        var part = await DoAsync("POST", "jobs/redrive?state=failed");
        var none = await _client.PostAsync($"/u/{_user}/jobs/redrive?state=failed&cursor={part.GetProperty("cursor").GetString()}");

        part.GetProperty("redriven").GetInt32().Should().Be(2);
        part.GetProperty("stopped").GetString().Should().Be("quota_exceeded");
        none.Code.Should().Be("quota_exceeded");
        none.Status.Should().Be(HttpStatusCode.TooManyRequests);
        await _client.ResultAsync(holder);
        foreach (var job in part.GetProperty("jobs").EnumerateArray()) await _client.ResultAsync(job.GetProperty("id").GetString()!);
        var rest = await DoAsync("POST", $"jobs/redrive?state=failed&cursor={part.GetProperty("cursor").GetString()}");
        rest.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("redriveOf").GetString()).Should().Equal(failed[0]);
    }

    [Fact]
    public async Task Cancel_OfMany_EndsWhatWaitsAndRuns_AndNothingElse()
    {
        await _client.RegisterAsync(_user, "slow", "async ms => { await new Promise(r => setTimeout(r, ms)); return ms; }");
        await _client.PostAsync($"/u/{_user}/fn/f", "() => 1");
        await _client.PutAsync($"/u/{_user}/fn/slow/config", """{"concurrency": 1, "timeoutMs": 30000}""");
        var ended = (await _client.RunAsync(_user, "f", "[]")).Res.GetString()!;
        var running = await _client.SubmitAsync(_user, "slow", "[20000]");
        await _client.RunsAsync(running);
        var waiting = new List<string>();
        for (var at = 0; at < 4; at++) waiting.Add(await _client.SubmitAsync(_user, "slow", "[1]"));

        var some = await DoAsync("POST", "jobs/cancel?fn=slow&state=queued&limit=3");
        var rest = await DoAsync("POST", "jobs/cancel");

        some.GetProperty("cancelled").GetInt32().Should().Be(3);
        some.GetProperty("cursor").ValueKind.Should().Be(JsonValueKind.String);
        rest.GetProperty("cancelled").GetInt32().Should().Be(2);
        rest.GetProperty("cursor").ValueKind.Should().Be(JsonValueKind.Null);
        foreach (var job in waiting.Append(running)) (await _client.ResultAsync(job)).Should().StartWith("CancelledError: ");
        (await _client.ResultAsync(ended)).Should().Be("1");
        // The two ways to be cancelled are told apart.
        (await ErrorAsync(running)).Should().Be("The job was cancelled while it ran.");
        (await ErrorAsync(waiting[0])).Should().Be("The job was cancelled before it ran.");
        (await DoAsync("POST", "jobs/cancel")).GetProperty("cancelled").GetInt32().Should().Be(0);

        async Task<string> ErrorAsync(string job) =>
            (await _client.InfoAsync(job)).GetProperty("error").GetProperty("message").GetString()!;
    }

    [Fact]
    public async Task Purge_DeletesWhatTheFilterNames_AndWantsOne()
    {
        await _client.RegisterAsync(_user, "f", Fragile);
        var good = (await _client.RunAsync(_user, "f", "[1]")).Res.GetString()!;
        var failed = new[] { await FailedAsync(), await FailedAsync() };

        var nothing = await _client.DeleteAsync($"/u/{_user}/jobs");
        var waiting = await _client.DeleteAsync($"/u/{_user}/jobs?state=queued");
        var purged = await DoAsync("DELETE", "jobs?state=failed");

        (nothing.Status, nothing.Code).Should().Be((HttpStatusCode.BadRequest, "bad_request"));
        nothing.Res.GetString().Should().Contain("one of succeeded, failed, dead_lettered, cancelled, expired");
        waiting.Code.Should().Be("bad_request");
        purged.GetProperty("deleted").GetInt32().Should().Be(2);
        foreach (var job in failed) (await _client.GetAsync($"/j/{job}")).Code.Should().Be("job_not_found");
        (await _client.ResultAsync(good)).Should().Be("1");
        (await DoAsync("DELETE", "jobs?state=failed")).GetProperty("deleted").GetInt32().Should().Be(0);
    }

    [Theory]
    [InlineData("POST", "jobs/cancel?state=failed", "one of delayed, queued, running")]
    [InlineData("POST", "jobs/redrive?state=queued", "one of failed, dead_lettered, cancelled, expired")]
    [InlineData("POST", "jobs/redrive?limit=201", "from 1 to 200")]
    [InlineData("POST", "jobs/redrive?version=newest", "own or current")]
    [InlineData("POST", "jobs/cancel?limit=1001", "from 1 to 1000")]
    [InlineData("POST", "jobs/cancel?cursor=x", "the whole cursor")]
    [InlineData("DELETE", "jobs?state=failed&from=x", "a time after 1970")]
    public async Task Bulk_ThatIsWrong_IsToldWhatIsAllowed(string method, string path, string says)
    {
        await _client.PostAsync($"/u/{_user}");

        var answer = await _client.SendAsync(new HttpMethod(method), $"/u/{_user}/{path}", null);

        (answer.Status, answer.Code).Should().Be((HttpStatusCode.BadRequest, "bad_request"), answer.Body);
        answer.Res.GetString().Should().Contain(says);
    }

    private async Task<string> FailedAsync() => (await _client.RunAsync(_user, "f", "[-1]")).Res.GetString()!;

    private async Task<JsonElement> GetAsync(string query)
    {
        var answer = await _client.GetAsync($"/u/{_user}/jobs{query}");
        answer.Error.Should().BeFalse(answer.Body);
        return answer.Res;
    }

    private async Task<JsonElement> DoAsync(string method, string path)
    {
        var answer = await _client.SendAsync(new HttpMethod(method), $"/u/{_user}/{path}", null);
        answer.Error.Should().BeFalse(answer.Body);
        return answer.Res;
    }
}
