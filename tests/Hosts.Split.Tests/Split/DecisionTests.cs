using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Hosts.Tests.Chaos;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Split;

/// <summary>A scaler's decisions on their way through real processes.</summary>
public sealed class DecisionTests
{
    /// <summary>Told from what the platform's own scaler decides meanwhile.</summary>
    private const string Policy = "of-this-test";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Decisions_ThatWereAcknowledged_OutliveQueueAndDb()
    {
        await using var platform = new SplitDeployment();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        var scaler = Guid.NewGuid();

        (await RecordAsync(platform, Roles.Scaler, scaler, 1, 2)).Value.New.Should().Be(2);
        (await RecordAsync(platform, Roles.Worker, scaler, 3)).Error!.Code.Should().Be(ErrorCode.Forbidden);
        await Task.WhenAll(platform["queue"].KillAsync(), platform["db"].KillAsync());
        (await client.GetAsync("/autoscaler/decisions")).Code.Should().BeOneOf("unavailable", "outcome_unknown");
        platform["db"].Start();
        platform["queue"].Start();
        await platform.ReadyAsync();

        await Eventually.HoldsAsync(async () => (await RecordAsync(platform, Roles.Scaler, scaler, 2, 4)).IsOk, Patience);
        (await ListAsync(client)).Select(item => item.GetProperty("reason").GetString()).Should()
            .Equal("Number 4.", "Number 2.", "Number 1.");
    }

    private static async Task<Result<StoredDecisions>> RecordAsync(
        SplitDeployment platform, Roles role, Guid scaler, params long[] numbers)
    {
        await using var caller = await Caller.StartAsync(platform, role);
        return await caller.SendAsync(new RecordDecisions(scaler, [.. numbers.Select(number => new DecisionReport(
            number, DateTimeOffset.UnixEpoch, Policy, "flow", 1, 2, 2, $"Number {number}.", null, null, "process", "done",
            null))]));
    }

    private static async Task<IEnumerable<JsonElement>> ListAsync(FaasClient client)
    {
        var answer = await client.GetAsync("/autoscaler/decisions?changes=true&limit=1000");
        answer.Error.Should().BeFalse(answer.Body);
        return answer.Res.EnumerateArray().Where(item => item.GetProperty("policy").GetString() == Policy);
    }
}
