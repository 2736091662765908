using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests.Hostile;

/// <summary>With <c>Sandbox:Reuse=owner</c> no process that ran one tenant's code runs another's, be it to check a source.</summary>
public sealed class OwnChildTests
{
    private const int Rounds = 6;
    private static readonly string[] Tenants = ["ann", "bob", "eve", "mallory"];

    /// <summary>
    /// Children that somebody owns, who remember all they were ever given and tell it to whoever asks. That the same children
    /// do tell one tenant of another where all share them shows that the question can be answered with yes.
    /// </summary>
    [Theory]
    [InlineData("Owner", false)]
    [InlineData("Any", true)]
    public async Task Child_ThatRemembersAll_MeetsAnotherTenant_OnlyWhereTheyShare(string reuse, bool isShared)
    {
        await using var platform = Deploy.New(
            ("Sandbox__ChildPath", Path.Combine(AppContext.BaseDirectory, "FaaS.Tests.EvilChild.dll")), ("Sandbox__Reuse", reuse));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        var processes = Tenants.ToDictionary(tenant => tenant, _ => new HashSet<string>());
        var met = new List<string>();

        for (var round = 0; round < Rounds; round++)
        {
            // Registering anew each round: the check of a source is a run of its code as well.
            foreach (var tenant in Tenants.Where(_ => round % 2 == 0))
                await client.RegisterAsync(tenant, "f", $"() => '{tenant}{round} evil:tell all it was given'");
            foreach (var (tenant, told) in await Task.WhenAll(Tenants.Select(async tenant => (tenant, await AskAsync(client, tenant)))))
            {
                processes[tenant].Add(told.Split('\n')[0]);
                met.AddRange(Tenants.Where(other => other != tenant && told.Contains(other, StringComparison.Ordinal))
                    .Select(other => $"{tenant} reads of {other} in process {told.Split('\n')[0]}"));
            }
        }

        var shared = processes.Values.SelectMany(ids => ids).GroupBy(id => id).Where(id => id.Count() > 1).Select(id => id.Key);
        if (isShared) met.Should().NotBeEmpty();
        else (met.Count, shared.Count()).Should().Be((0, 0), string.Join('\n', met));
    }

    /// <summary>As many tenants as there may be children take turns: each keeps its own, none is replaced at every turn.</summary>
    [Fact]
    public async Task Children_OfTenantsWhoTakeTurns_AreKept()
    {
        const int Turns = 20;
        await using var platform = Deploy.New(
            ("Sandbox__ChildPath", Path.Combine(AppContext.BaseDirectory, "FaaS.Tests.EvilChild.dll")),
            ("Sandbox__Reuse", "Owner"), ("Sandbox__Slots", $"{Tenants.Length}"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        foreach (var tenant in Tenants) await client.RegisterAsync(tenant, "f", $"() => '{tenant} evil:tell all it was given'");

        var processes = new HashSet<string>();
        for (var turn = 0; turn < Turns; turn++)
            foreach (var tenant in Tenants) processes.Add((await AskAsync(client, tenant)).Split('\n')[0]);

        // One each, and what the start and the checks of the sources cost once.
        processes.Count.Should().BeLessThanOrEqualTo(3 * Tenants.Length);
    }

    /// <summary>The real child, and functions that leave what they can: two tenants with the same source.</summary>
    [Fact]
    public async Task Leftovers_WithChildrenOfOnesOwn_AreNotThere()
    {
        const int Functions = 3;
        var limit = TimeSpan.FromSeconds(5);
        await using var platform = Deploy.New(("Sandbox__Reuse", "Owner"), ("Functions__Timeout", limit.ToString()));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        var leftovers = HostileFunction.ReadAll().Where(function => function.Family == HostileFunction.Leftovers).Take(Functions);
        var attacks = new Attacks(client, [.. leftovers], limit, TimeSpan.FromSeconds(1));

        await attacks.PrepareAsync();
        await attacks.RoundAsync();

        string.Join('\n', attacks.Failures).Should().BeEmpty();
        (await client.MetricAsync(platform.WorkerHealth, "faas_sandbox_kills_total")).Should().BeGreaterThan(0);
    }

    private static async Task<string> AskAsync(FaasClient client, string tenant)
    {
        var answer = await client.RunAsync(tenant, "f", $"[\"an argument of {tenant}\"]");
        answer.Json.GetProperty("outcome").GetString().Should().Be("success", answer.Body);
        var told = answer.Json.GetProperty("result").GetString()!;
        told.Should().Contain($"an argument of {tenant}", "it tells what it was given");
        return told;
    }
}
