using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>Jobs that wait behind others of their owner: what they run, and what becomes of them.</summary>
public sealed class OwnershipTests(OwnershipTests.Roomy platform) : IClassFixture<OwnershipTests.Roomy>
{
    private const int Slots = 3;

    private readonly FaasClient _client = platform.Client;
    private readonly string _user = $"owner{Guid.NewGuid():N}";

    [Fact]
    public async Task QueuedJob_WhoseFunctionIsReplacedAndDeleted_RunsTheVersionItWasSubmittedAgainst()
    {
        var blockers = await OccupyAsync();
        await _client.PostAsync($"/u/{_user}/fn/g", "() => 'first'");
        var early = await _client.SubmitAsync(_user, "g", "[]");
        await _client.PostAsync($"/u/{_user}/fn/g", "() => 'second'");
        var late = await _client.SubmitAsync(_user, "g", "[]");
        (await _client.DeleteAsync($"/u/{_user}/fn/g")).Res.GetInt32().Should().Be(1);
        var waiting = await _client.InfoAsync(early);

        foreach (var blocker in blockers) await _client.DeleteAsync($"/j/{blocker}");

        waiting.GetProperty("state").GetString().Should().Be("queued");
        waiting.GetProperty("position").GetInt32().Should().BePositive();
        (await _client.ResultAsync(early)).Should().Be("first");
        (await _client.ResultAsync(late)).Should().Be("second");
        (await _client.InfoAsync(early)).GetProperty("version").GetInt32().Should().Be(1);
        (await _client.InfoAsync(late)).GetProperty("version").GetInt32().Should().Be(2);
    }

    [Fact]
    public async Task QueuedJob_WhenDeleted_NeverRuns()
    {
        var blockers = await OccupyAsync();
        var id = blockers[^1];

        (await _client.DeleteAsync($"/j/{id}")).Res.GetInt32().Should().Be(1);
        foreach (var blocker in blockers[..^1]) await _client.DeleteAsync($"/j/{blocker}");

        (await _client.ResultAsync(id)).Should().StartWith("CancelledError: ");
        var info = await _client.InfoAsync(id);
        info.GetProperty("attempts").GetInt32().Should().Be(0);
        info.GetProperty("wallMs").GetDecimal().Should().Be(0);
    }

    [Fact]
    public async Task User_ReplacedWhileItsJobsRunAndWait_LosesThemAll()
    {
        var blockers = await OccupyAsync();

        (await _client.PostAsync($"/u/{_user}")).Res.GetInt32().Should().Be(1);

        foreach (var blocker in blockers)
        {
            (await _client.ResultAsync(blocker)).Should().StartWith("CancelledError: ");
            (await _client.InfoAsync(blocker)).GetProperty("state").GetString().Should().Be("cancelled");
        }
        (await _client.GetAsync($"/u/{_user}/time")).Res.GetInt64().Should().Be(0, "late bills go to the closed generation");
    }

    [Fact]
    public async Task Time_OfAUser_IsTheSumOfItsJobsToTheMicrosecond()
    {
        await _client.RegisterAsync(_user, "f", "n => { if (n % 3 == 0) throw n; return new Promise(r => setTimeout(r, n)) }");

        var ids = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => _client.SubmitAsync(_user, "f", $"[{n}]")));
        var sum = 0m;
        foreach (var id in ids)
        {
            await _client.ResultAsync(id);
            sum += (await _client.InfoAsync(id)).GetProperty("wallMs").GetDecimal();
        }
        await _client.DeleteAsync($"/j/{ids[0]}");

        (await _client.GetAsync($"/u/{_user}/time")).Res.GetInt64().Should()
            .Be((long)decimal.Floor(sum), "it is rounded down once, and deleting a job doesn't lower it");
    }

    /// <summary>Has all slots a user may have taken by jobs that sleep for long, and more of them waiting.</summary>
    private async Task<string[]> OccupyAsync()
    {
        await _client.RegisterAsync(_user, "sleep", "() => new Promise(r => setTimeout(r, 50000))");
        var blockers = new string[Slots + 3];
        for (var i = 0; i < blockers.Length; i++) blockers[i] = await _client.SubmitAsync(_user, "sleep", "[]");
        // One user has all slots but one.
        await Eventually.HoldsAsync(
            async () => (await Task.WhenAll(blockers.Select(_client.InfoAsync)))
                .Count(info => info.GetProperty("state").GetString() == "running") == Slots - 1,
            TimeSpan.FromSeconds(20));
        return blockers;
    }

    /// <summary>A platform whose functions may take their time.</summary>
    public sealed class Roomy : IAsyncLifetime
    {
        private readonly IDeployment _deployment = Deploy.New(("Sandbox__Slots", $"{Slots}"));

        public FaasClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await _deployment.StartAsync();
            Client = new FaasClient(_deployment);
        }

        public async ValueTask DisposeAsync()
        {
            Client?.Dispose();
            await _deployment.DisposeAsync();
        }
    }
}
