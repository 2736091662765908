using System.Globalization;
using System.Net;
using System.Text.Json;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>Quotas over REST: who sets and sees them, and what happens past each.</summary>
[Collection(KeyedDeploymentTests.Name)]
public sealed class QuotaTests(KeyedDeployment platform) : IDisposable
{
    private const string Slow = "() => new Promise(done => setTimeout(done, 45000))";

    private readonly FaasClient _admin = new(platform.Deployment) { Key = KeyedDeployment.AdminKey };
    private readonly string _user = platform.NewUser();

    public void Dispose() => _admin.Dispose();

    [Fact]
    public async Task Functions_BeyondTheirQuota_AreRefusedUntilOneIsDeleted()
    {
        await RegisterAsync("() => 1");
        await SetAsync("""{"functions": 2}""");
        (await FunctionAsync("b", "() => 2")).Error.Should().BeFalse();

        ShouldBeOver(await FunctionAsync("c", "() => 3"), HttpStatusCode.TooManyRequests, "functions", 2).RetryAfter.Should().BeNull();

        (await _admin.GetAsync($"/u/{_user}/fn/c")).Code.Should().Be("function_not_found");
        (await FunctionAsync("b", "() => 22")).Error.Should().BeFalse("it replaces one");
        await _admin.DeleteAsync($"/u/{_user}/fn/b");
        (await FunctionAsync("c", "() => 3")).Error.Should().BeFalse();
    }

    [Fact]
    public async Task Functions_RegisteredAtOnceWithRoomForOne_AreOne()
    {
        await RegisterAsync("() => 1");
        await SetAsync("""{"functions": 2}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(at => FunctionAsync($"n{at}", "() => 1")));

        answers.Count(answer => !answer.Error).Should().Be(1, string.Join('\n', answers.Select(answer => answer.Body)));
        (await UsedAsync()).GetProperty("functions").GetInt32().Should().Be(2);
    }

    [Fact]
    public async Task SourceBytes_BeyondTheirQuota_AreRefused()
    {
        await RegisterAsync("() => 1");
        await SetAsync("""{"sourceBytes": 10}""");

        ShouldBeOver(await FunctionAsync("b", "() => 12345"), HttpStatusCode.RequestEntityTooLarge, "sourceBytes", 10);

        (await UsedAsync()).GetProperty("sourceBytes").GetInt32().Should().Be(7);
        (await _admin.GetAsync($"/u/{_user}/fn/b")).Code.Should().Be("function_not_found");
    }

    [Fact]
    public async Task QueuedJobs_BeyondTheirQuota_AreRefusedAndOthersAreNot()
    {
        await RegisterAsync(Slow);
        await SetAsync("""{"queuedJobs": 1, "concurrentJobs": 1}""");
        var running = await SubmitRunningAsync();
        await _admin.SubmitAsync(_user, "f", "[]");

        ShouldBeOver(await RunAsync(), HttpStatusCode.TooManyRequests, "queuedJobs", 1).RetryAfter.Should().BeInRange(1, 3_600);

        var used = await UsedAsync();
        (used.GetProperty("queuedJobs").GetInt32(), used.GetProperty("concurrentJobs").GetInt32()).Should().Be((1, 1));
        await _admin.DeleteAsync($"/j/{running}");
        await Eventually.HoldsAsync(async () => (await UsedAsync()).GetProperty("queuedJobs").GetInt32() == 0);
        (await RunAsync()).Error.Should().BeFalse("there is room");
        await _admin.DeleteAsync($"/u/{_user}");
    }

    [Fact]
    public async Task Submissions_FasterThanTheirQuota_AreToldWhenToComeBack()
    {
        await RegisterAsync("() => 1");
        await SetAsync("""{"submissionsPerSecond": 1}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RunAsync()));

        var refused = answers.Where(answer => answer.Error).ToList();
        refused.Should().NotBeEmpty();
        refused.Should().OnlyContain(answer => answer.RetryAfter >= 1);
        ShouldBeOver(refused[0], HttpStatusCode.TooManyRequests, "submissionsPerSecond", 1);
        answers.Should().Contain(answer => !answer.Error);
    }

    [Fact]
    public async Task StoredBytes_BeyondTheirQuota_AreRefused()
    {
        await RegisterAsync("x => x");
        await SetAsync("""{"storedBytes": 20}""");

        var refused = ShouldBeOver(
            await RunAsync($"[\"{new string('x', 30)}\"]"), HttpStatusCode.RequestEntityTooLarge, "storedBytes", 20);

        refused.RetryAfter.Should().BeGreaterThan(0);
        (await _admin.RunAsync(_user, "f", "[1]")).Json.GetProperty("result").GetString().Should().Be("1");
    }

    /// <summary>
    /// The budget and the count of what waits are the store's and the queue's to find again. What was set in the moment of
    /// the kill is set and in the audit log, or neither.
    /// </summary>
    [Fact]
    public async Task Kill_LosesNoBudgetNoCountAndNoEntry()
    {
        await RegisterAsync("() => { const end = Date.now() + 60; while (Date.now() < end); }");
        await SetAsync("""{"msPerDay": 40}""");
        await _admin.RunAsync(_user, "f", "[]");
        ShouldBeOver(await RunAsync(), HttpStatusCode.TooManyRequests, "msPerDay", 40);
        var waiting = platform.NewUser();
        await _admin.RegisterAsync(waiting, "f", Slow);
        await SetAsync("""{"queuedJobs": 1, "concurrentJobs": 1}""", waiting);
        await SubmitRunningAsync(waiting);
        await _admin.SubmitAsync(waiting, "f", "[]");

        var (audited, acknowledged) = (platform.NewUser(), new List<long>());
        var setting = SetUntilKilledAsync(audited, acknowledged);
        await Eventually.HoldsAsync(() => acknowledged.Count >= 5);

        await platform.Deployment.KillAsync();
        await setting;
        await platform.Deployment.StartAsync();
        await ShouldBeAuditedAsync(audited, acknowledged);

        var refused = ShouldBeOver(await RunAsync(), HttpStatusCode.TooManyRequests, "msPerDay", 40);
        refused.RetryAfter.Should().BeInRange(1, 24 * 3_600);
        (await UsedAsync()).GetProperty("msPerDay").GetInt64().Should().BeGreaterThanOrEqualTo(40);
        await Eventually.HoldsAsync(async () => (await UsedAsync(waiting)).GetProperty("concurrentJobs").GetInt32() == 1);
        ShouldBeOver(await RunAsync(user: waiting), HttpStatusCode.TooManyRequests, "queuedJobs", 1);
        await _admin.DeleteAsync($"/u/{waiting}");
        // A name that is registered anew does not get the day's budget again; an admin may give more.
        await RegisterAsync("() => 1");
        ShouldBeOver(await RunAsync(), HttpStatusCode.TooManyRequests, "msPerDay", 40);
        await SetAsync("""{"msPerDay": null}""");
        (await _admin.RunAsync(_user, "f", "[]")).Error.Should().BeFalse();
    }

    [Fact]
    public async Task Queue_ThatIsFull_RefusesWithTheTimeToComeBack()
    {
        await RegisterAsync(Slow);
        for (var at = 0; at < KeyedDeployment.MaxJobs; at++) await _admin.SubmitAsync(_user, "f", "[]");

        var refused = await RunAsync();

        (refused.Status, refused.Code).Should().Be((HttpStatusCode.TooManyRequests, "queue_full"));
        refused.RetryAfter.Should().BeInRange(1, 60);
        refused.Json.TryGetProperty("quota", out _).Should().BeFalse("it is nobody's quota");
        (await UsedAsync()).GetProperty("queuedJobs").GetInt32().Should().BeLessThan(KeyedDeployment.MaxJobs);
        await _admin.DeleteAsync($"/u/{_user}");
        await RegisterAsync("() => 1");
        await Eventually.HoldsAsync(async () => !(await RunAsync()).Error);
    }

    [Fact]
    public async Task Set_OfSome_LeavesTheOthersAndNullIsTheDefault()
    {
        var key = await RegisterAsync("() => 1");
        var set = await SetAsync("""{"queuedJobs": 5, "weight": 3}""");
        set.GetProperty("inForce").GetBoolean().Should().BeTrue();
        set = await SetAsync("""{"weight": null, "msPerMonth": 0}""");

        Overrides(set).Should().Be("""{"queuedJobs":5,"msPerMonth":0}""");
        set.GetProperty("quotas").GetProperty("weight").GetInt32().Should().Be(1);
        using var user = new FaasClient(platform.Deployment) { Key = key };
        var seen = (await user.GetAsync($"/u/{_user}/quotas")).Res;
        Overrides(seen).Should().Be(Overrides(set));
        seen.GetProperty("quotas").GetRawText().Should().Be(set.GetProperty("quotas").GetRawText());
        seen.GetProperty("used").EnumerateObject().Select(used => used.Name).Should().Equal(
            "functions", "sourceBytes", "queuedJobs", "concurrentJobs", "msPerDay", "msPerMonth", "storedBytes");
        (await user.PutAsync($"/u/{_user}/quotas", """{"weight": 100}""")).Code.Should().Be("forbidden");

        static string Overrides(JsonElement quotas) => quotas.GetProperty("overrides").GetRawText();
    }

    [Fact]
    public async Task Set_ForANameWithoutAUser_IsThereWhenItIsRegistered()
    {
        (await _admin.GetAsync($"/u/{_user}/quotas")).Code.Should().Be("user_not_found");
        await SetAsync("""{"functions": 1}""");
        (await UsedAsync()).GetProperty("functions").GetInt32().Should().Be(0);

        await RegisterAsync("() => 1");

        ShouldBeOver(await FunctionAsync("g", "() => 1"), HttpStatusCode.TooManyRequests, "functions", 1);
    }

    [Theory]
    [InlineData("", "JSON object")]
    [InlineData("[]", "JSON object")]
    [InlineData("{}", "JSON object")]
    [InlineData("""{"\ud800": 1}""", "JSON object")]
    [InlineData("""{"colour": 1}""", "There is no quota 'colour'; the quotas are weight, functions")]
    [InlineData("""{"weight": 0}""", "weight must be a whole number from 1 to 100, or null")]
    [InlineData("""{"functions": "5"}""", "functions must be a whole number from 0 to 1000000 (0 is no bound)")]
    [InlineData("""{"msPerDay": 1.5}""", "msPerDay must be a whole number")]
    [InlineData("""{"storedBytes": 99999999999999999999}""", "storedBytes must be a whole number")]
    [InlineData("""{"weight": 1, "weight": 2}""", "weight is there twice")]
    public async Task Set_OfWhatCannotBe_NamesWhatIsWrongAndSetsNothing(string body, string named)
    {
        var refused = await _admin.PutAsync($"/u/{_user}/quotas", body);

        (refused.Status, refused.Code).Should().Be((HttpStatusCode.BadRequest, "bad_request"));
        refused.Res.GetString().Should().Contain(named);
        (await _admin.GetAsync($"/u/{_user}/quotas")).Code.Should().Be("user_not_found");
    }

    private async Task<string> RegisterAsync(string source)
    {
        var made = await _admin.PostAsync($"/u/{_user}");
        (await FunctionAsync("f", source)).Error.Should().BeFalse();
        return made.Json.GetProperty("key").GetProperty("secret").GetString()!;
    }

    private Task<Answer> FunctionAsync(string name, string source) => _admin.PostAsync($"/u/{_user}/fn/{name}", source);

    private Task<Answer> RunAsync(string arguments = "[]", string? user = null) =>
        _admin.PostAsync($"/u/{user ?? _user}/fn/f/run", arguments);

    /// <summary>Sets a quota again and again, and notes what was answered.</summary>
    private async Task SetUntilKilledAsync(string user, List<long> acknowledged)
    {
        using var client = new FaasClient(platform.Deployment) { Key = KeyedDeployment.AdminKey };
        try
        {
            for (var jobs = 1; jobs <= 900; jobs++)
            {
                var answer = await client.PutAsync($"/u/{user}/quotas", $$"""{"queuedJobs": {{jobs}}}""");
                if (answer.Status != HttpStatusCode.OK) return;
                acknowledged.Add(jobs);
            }
        }
        catch (HttpRequestException)
        {
            // It is killed.
        }
    }

    private async Task ShouldBeAuditedAsync(string user, List<long> acknowledged)
    {
        var entries = (await _admin.GetAsync($"/audit?user={user}&limit=1000")).Res.GetProperty("entries").EnumerateArray().ToList();
        var entered = entries.ConvertAll(entry => entry.GetProperty("after").GetProperty("queuedJobs").GetInt64());
        var stands = (await _admin.GetAsync($"/u/{user}/quotas")).Res.GetProperty("overrides").GetProperty("queuedJobs").GetInt64();

        entered.Should().Contain(acknowledged).And.OnlyHaveUniqueItems();
        entered.Max().Should().Be(stands);
        entries.Should().OnlyContain(entry => entry.GetProperty("outcome").GetString() == "done");
    }

    /// <summary>Submits a job and waits until it runs.</summary>
    private async Task<string> SubmitRunningAsync(string? user = null)
    {
        var job = await _admin.SubmitAsync(user ?? _user, "f", "[]");
        await Eventually.HoldsAsync(async () => (await _admin.InfoAsync(job)).GetProperty("state").GetString() == "running");
        return job;
    }

    private async Task<JsonElement> SetAsync(string body, string? user = null)
    {
        var set = await _admin.PutAsync($"/u/{user ?? _user}/quotas", body);
        set.Status.Should().Be(HttpStatusCode.OK, set.Body);
        return set.Res;
    }

    private async Task<JsonElement> UsedAsync(string? user = null) =>
        (await _admin.GetAsync($"/u/{user ?? _user}/quotas")).Res.GetProperty("used");

    private static Answer ShouldBeOver(Answer answer, HttpStatusCode status, string quota, long limit)
    {
        answer.Status.Should().Be(status, answer.Body);
        answer.Code.Should().Be("quota_exceeded");
        (answer.Json.GetProperty("quota").GetString(), answer.Json.GetProperty("limit").GetInt64()).Should().Be((quota, limit));
        answer.Res.GetString().Should().Contain(limit.ToString(CultureInfo.InvariantCulture));
        return answer;
    }
}
