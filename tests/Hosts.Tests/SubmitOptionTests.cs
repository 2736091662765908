using System.Net;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>Idempotency keys, delays and times to live, as REST takes them.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class SubmitOptionTests(SharedDeployment platform)
{
    private readonly string _user = platform.NewUser();

    [Fact]
    public async Task Key_RepeatedByManyAtOnce_IsOneJob()
    {
        await RegisterAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RunAsync("[4,7]", key: "pay-1", prefer: "wait=10")));

        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK);
        answers.Select(answer => answer.Res.GetString()).Distinct().Should().ContainSingle();
        answers.Should().OnlyContain(answer => answer.Json.GetProperty("result").GetString() == "11");
        (await platform.Client.GetAsync($"/u/{_user}/jobs")).Res.GetProperty("jobs").GetArrayLength().Should().Be(1);
        var replayed = await RunAsync("[4,7]", key: "pay-1");
        replayed.Res.GetString().Should().Be(answers[0].Res.GetString());
        replayed.IsReplayed.Should().BeTrue();
        (await RunAsync("[4,7]", key: "pay-2")).IsReplayed.Should().BeFalse();
    }

    [Theory]
    [InlineData("f", "[4, 7]", "")]
    [InlineData("f", "[4,8]", "")]
    [InlineData("g", "[4,7]", "")]
    [InlineData("f", "[4,7]", "?delay=1ms")]
    [InlineData("f", "[4,7]", "?ttl=1h")]
    public async Task Key_WithAnotherRequest_IsAConflict(string function, string body, string query)
    {
        await RegisterAsync();
        await platform.Client.PostAsync($"/u/{_user}/fn/g", "() => 1");
        await RunAsync("[4,7]", key: "k");

        var answer = await RunAsync(body, query, "k", function: function);

        (answer.Status, answer.Code).Should().Be((HttpStatusCode.Conflict, "conflict"));
    }

    [Fact]
    public async Task Key_OfWhatWasRefused_IsFree_AndThatOfADeletedJobIsNot()
    {
        await RegisterAsync();
        (await RunAsync("[1", key: "k")).Code.Should().Be("invalid_arguments");
        (await RunAsync("[1,2]", key: "k", function: "nothing")).Code.Should().Be("function_not_found");
        var job = (await RunAsync("[1,2]", key: "k", prefer: "wait=10")).Res.GetString()!;
        (await platform.Client.DeleteAsync($"/j/{job}")).Res.GetInt32().Should().Be(1);

        (await RunAsync("[1,2]", key: "k")).Res.GetString().Should().Be(job);
        (await platform.Client.GetAsync($"/j/{job}")).Code.Should().Be("job_not_found");
    }

    [Theory]
    [InlineData("?delay=31d", "delay is '31d'; it must be a time such as 500ms, 30s, 10m, 2h or 1d, of 30d at most.")]
    [InlineData("?delay=soon", "delay is 'soon'")]
    [InlineData("?delay=-1s", "delay is '-1s'")]
    [InlineData("?ttl=0s", "ttl is '0s'; it must be a time such as 500ms, 30s, 10m, 2h or 1d, of 30d at most and more than 0.")]
    [InlineData("?delay=10s&ttl=10s", "ttl is '10s'; it must be more than delay")]
    public async Task Span_ThatIsWrong_IsToldWhatIsAllowed(string query, string message)
    {
        await RegisterAsync();

        var answer = await RunAsync("[1,2]", query);

        (answer.Status, answer.Code).Should().Be((HttpStatusCode.BadRequest, "bad_request"));
        answer.Res.GetString().Should().Contain(message);
        (await RunAsync("[1,2]", key: new string('k', 256))).Res.GetString().Should().Contain("1 to 255 printable ASCII");
    }

    [Fact]
    public async Task Delay_KeepsAJobBack_AndTtlEndsWhatHasNotStarted()
    {
        await RegisterAsync();

        var delayed = (await RunAsync("[1,2]", "?delay=2s")).Res.GetString()!;
        var expiring = (await RunAsync("[1,2]", "?delay=1h&ttl=3601s")).Res.GetString()!;
        var info = await platform.Client.InfoAsync(delayed);
        info.GetProperty("state").GetString().Should().Be("delayed");
        (info.GetProperty("dueAt").GetDateTimeOffset() - info.GetProperty("submittedAt").GetDateTimeOffset())
            .Should().Be(TimeSpan.FromSeconds(2));
        (await platform.Client.InfoAsync(expiring)).GetProperty("state").GetString().Should().Be("delayed");

        (await platform.Client.ResultAsync(delayed)).Should().Be("3");
        var done = await platform.Client.InfoAsync(delayed);
        (done.GetProperty("startedAt").GetDateTimeOffset() - done.GetProperty("submittedAt").GetDateTimeOffset())
            .Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Ttl_OfAJobThatWaitsTooLong_ExpiresIt()
    {
        await platform.Client.RegisterAsync(_user, "f", "() => { const end = Date.now() + 1500; while (Date.now() < end); return 1 }");
        (await platform.Client.PutAsync($"/u/{_user}/fn/f/config", """{"concurrency": 1}""")).Error.Should().BeFalse();
        await RunAsync("[]");

        var late = (await RunAsync("[]", "?ttl=200ms")).Res.GetString()!;

        (await platform.Client.ResultAsync(late)).Should().StartWith("ExpiredError: ");
        (await platform.Client.InfoAsync(late)).GetProperty("state").GetString().Should().Be("expired");
    }

    private Task RegisterAsync() => platform.Client.RegisterAsync(_user, "f", "(a, b) => a + b");

    private Task<Answer> RunAsync(string body, string query = "", string? key = null, string function = "f", string? prefer = null)
    {
        var headers = new List<(string, string)>();
        if (key is not null) headers.Add(("Idempotency-Key", key));
        if (prefer is not null) headers.Add(("Prefer", prefer));
        return platform.Client.PostAsync($"/u/{_user}/fn/{function}/run{query}", body, [.. headers]);
    }
}

/// <summary>A client that retries with its key while the platform is killed under it.</summary>
public sealed class IdempotencyKillTests
{
    private const int Keys = 60;

    [Fact]
    public async Task Key_RetriedThroughKills_RunsOnceEach()
    {
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("ann", "f", "n => n + 1");
        var answers = new Dictionary<int, HashSet<string>>();

        for (var round = 0; round < 3; round++)
        {
            // Half of the keys are new each time, half were perhaps, or certainly, used before a kill.
            var sending = Enumerable.Range(round * Keys / 2, Keys).Select(n => (N: n, Task: TryAsync(client, n))).ToList();
            await Task.WhenAny(sending.Select(one => one.Task));
            await platform.KillAsync();
            foreach (var (n, task) in sending) Note(answers, n, await task);
            await platform.StartAsync();
        }
        for (var n = 0; n < 2 * Keys; n++) Note(answers, n, (await RunAsync(client, n)).Res.GetString());

        answers.Values.Should().OnlyContain(jobs => jobs.Count == 1, "each answer to a key names the same job");
        foreach (var (n, jobs) in answers) (await client.ResultAsync(jobs.Single())).Should().Be($"{n + 1}");
        (await platform.StopAsync(TimeSpan.FromSeconds(60))).Should().Be(0);
        LedgerCheck.Arguments(platform).Should().BeEquivalentTo(Enumerable.Range(0, 2 * Keys));
    }

    private static void Note(Dictionary<int, HashSet<string>> answers, int n, string? job)
    {
        if (!answers.TryGetValue(n, out var jobs)) answers[n] = jobs = [];
        if (job is not null) jobs.Add(job);
    }

    private static async Task<string?> TryAsync(FaasClient client, int n)
    {
        try
        {
            var answer = await RunAsync(client, n);
            return answer.Status == HttpStatusCode.OK ? answer.Res.GetString() : null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static Task<Answer> RunAsync(FaasClient client, int n) =>
        client.PostAsync("/u/ann/fn/f/run", $"[{n}]", ("Idempotency-Key", $"key {n}"));
}
