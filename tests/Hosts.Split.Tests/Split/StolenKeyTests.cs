using System.Security.Cryptography;
using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Hosts.Tests.Chaos;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests.Split;

/// <summary>
/// A worker's key was stolen. Its thief may work as a worker, and that is all: it knows the ids of jobs, and still cannot
/// complete, read or bill one that was not leased to it.
/// </summary>
public sealed class StolenKeyTests
{
    private const string Sleeps = "async ms => { await new Promise(r => setTimeout(r, ms)); return 'honest'; }";
    private static readonly Guid Thief = Guid.NewGuid();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Thief_CannotTouchWhatOthersWereLeased()
    {
        await using var platform = new SplitDeployment();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("ann", "f", Sleeps);
        (await client.PutAsync("/u/ann/fn/f/config", """{"secrets": {"S": "hunter22"}}""")).Error.Should().BeFalse();
        await client.RegisterAsync("eve", "g", Sleeps);
        var running = await client.SubmitAsync("ann", "f", "[6000]");
        await client.RunsAsync(running);
        await using var thief = await Caller.StartAsync(platform, Roles.Worker, WorkerKey());
        var job = JobId.Parse(running);

        await CannotEndOrTakeAsync(thief, job, epoch: 1);
        await CannotReadAsync(thief, job);
        await CannotCallWhatIsForOthersAsync(thief);
        await platform["queue"].KillAsync();
        platform["queue"].Start();
        await CannotEndOrTakeAsync(thief, job, epoch: 2);

        (await client.ResultAsync(running)).Should().Be("honest");
        var annMs = (await client.GetAsync("/u/ann/time")).Res.GetInt64();
        annMs.Should().BeInRange(5_900, 20_000);
        await CannotBillWhatDidNotPassAsync(platform, client, thief);
        (await client.GetAsync("/u/ann/time")).Res.GetInt64().Should().Be(annMs);
    }

    /// <summary>Everything by which a lease could be ended, taken over or given back, with tokens that it makes up.</summary>
    private static async Task CannotEndOrTakeAsync(Caller thief, JobId job, int epoch)
    {
        LeaseToken[] guesses =
        [
            .. from granted in Enumerable.Range(0, epoch + 1) from number in Enumerable.Range(0, 8)
               select new LeaseToken(granted, number, (UInt128)number),
        ];
        HeldLease[] claims = [.. guesses.Select(token => new HeldLease(job, token, true))];
        var end = AttemptEnd.Of(
            Outcome.UserError, new FunctionError("Error", "stolen"),
            new ResourceUsage(TimeSpan.FromHours(1), TimeSpan.Zero, TimeSpan.Zero));

        var completed = await thief.InsistAsync(
            new CompleteJobs(Thief, [.. guesses.Select(token => new AttemptReport(job, token, end))]));
        var leased = await thief.InsistAsync(new LeaseJobs(Thief, 1, 1, 1, 0, claims));
        var renewed = await thief.InsistAsync(new RenewLeases(Thief, claims));
        var abandoned = await thief.InsistAsync(new AbandonJobs(Thief, claims, Leaving: true));

        completed.Value.Stale.Should().Equal(guesses);
        leased.Value.Jobs.Should().BeEmpty();
        renewed.Error.Should().BeNull();
        abandoned.Value.Count.Should().Be(0);
    }

    private static async Task CannotReadAsync(Caller thief, JobId job)
    {
        for (var number = 0; number < 8; number++)
        {
            var read = await thief.InsistAsync(new ReadArguments(job, new LeaseToken(1, number, 0)));
            read.Error!.Code.Should().Be(ErrorCode.Forbidden);
            var secrets = await thief.InsistAsync(new ReadEnvironment(job, new LeaseToken(1, number, 0)));
            secrets.Error!.Code.Should().Be(ErrorCode.Forbidden);
        }
    }

    private static async Task CannotCallWhatIsForOthersAsync(Caller thief)
    {
        (string Module, RequestContract Contract)[] modules = [("db", DbContract.Contract), ("queue", QueueContract.Contract)];
        foreach (var (module, contract) in modules)
        {
            var rows = contract.Rows.Where(row => !row.Callers.HasFlag(Roles.Worker)).ToArray();
            rows.Should().NotBeEmpty();
            foreach (var row in rows)
            {
                var answer = await thief.SendAsync(module, row, "{}"u8.ToArray());
                answer.Error?.Code.Should().Be(ErrorCode.Forbidden, row.Name);
            }
        }
    }

    /// <summary>What it is leased it can answer falsely, but not bill for longer than it had it.</summary>
    private static async Task CannotBillWhatDidNotPassAsync(SplitDeployment platform, FaasClient client, Caller thief)
    {
        await platform["worker"].StopAsync(Patience);
        var id = await client.SubmitAsync("eve", "g", "[1]");
        var worker = Guid.NewGuid();
        var jobs = new List<LeasedJob>();
        await Eventually.HoldsAsync(async () =>
        {
            var leased = await thief.InsistAsync(new LeaseJobs(worker, 1, 1, 1, 1_000, []));
            jobs.AddRange(leased.Value.Jobs);
            return jobs.Count > 0;
        }, Patience);
        jobs.Single().Job.ToString().Should().Be(id);
        var end = new AttemptEnd(
            Outcome.Success, ResultKind.Text, Body.Of("false"u8.ToArray()), null, Body.Empty,
            new ResourceUsage(TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromHours(1)));

        var completed = await thief.InsistAsync(new CompleteJobs(worker, [new AttemptReport(jobs[0].Job, jobs[0].Token, end)]));

        completed.Value.Stale.Should().BeEmpty();
        (await client.GetAsync("/u/eve/time")).Res.GetInt64().Should().BeLessThan(20_000, "an hour has not passed");
    }

    /// <summary>The key as an operator would make it from the document.</summary>
    private static string WorkerKey() => Convert.ToHexStringLower(HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(SplitDeployment.Secret), 32, [], "faas/role/worker/1"u8.ToArray()));
}
