using FaaS.Application.Scaler;
using FaaS.Infrastructure.Fleet.Kubernetes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Tests.Fleet;

/// <summary>The workers as pods of a Deployment, asked for through the real client.</summary>
public sealed class KubernetesFleetTests : IAsyncLifetime
{
    private ClusterStub _cluster = null!;
    private KubernetesFleet _fleet = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await ClusterStub.StartAsync();
        _fleet = new KubernetesFleet(
            Options.Create(new KubernetesFleetOptions { Namespace = ClusterStub.Namespace, Url = _cluster.Url.ToString() }),
            new LogLines<KubernetesFleet>());
    }

    public async ValueTask DisposeAsync()
    {
        _fleet.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Current_CountsWhatThePodsDo_AndNamesTheNewestFirst()
    {
        _cluster.Replicas = 3;
        var (old, starting) = (_cluster.Add(ready: true), _cluster.Add(ready: false));
        _cluster.Add(ready: true, leaving: true);
        _cluster.Add(ready: false, phase: "Failed");
        _cluster.Add(ready: false, phase: "Succeeded");
        _cluster.Add(ready: true, label: "frontend");
        var young = _cluster.Add(ready: true);

        Done(await _fleet.CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(2, 1, 1, [young, starting, old]),
            exactly => exactly.WithStrictOrdering());
    }

    [Fact]
    public async Task Current_WhenPodsAreStillToCome_CountsThemAsStarting()
    {
        _cluster.Replicas = 5;
        var pod = _cluster.Add(ready: true);

        Done(await _fleet.CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(1, 4, 0, [pod]));
    }

    [Fact]
    public async Task Current_WhenPodsAreStillToGo_CountsThemAsGone()
    {
        _cluster.Replicas = 2;
        var (first, second) = (_cluster.Add(ready: true), _cluster.Add(ready: true));
        _cluster.Add(ready: false);
        _cluster.Add(ready: true);

        Done(await _fleet.CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(2, 0, 2, [second, first]));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 5)]
    [InlineData(4, 0)]
    public async Task ScaleTo_AsksForIt_AndOnceOnly(int before, int wanted)
    {
        _cluster.Replicas = before;
        for (var i = 0; i < before; i++) _cluster.Add(ready: true);

        var first = Done(await _fleet.ScaleToAsync(wanted, Token));
        var second = Done(await _fleet.ScaleToAsync(wanted, Token));

        _cluster.Replicas.Should().Be(wanted);
        _cluster.Patches.Should().ContainSingle();
        (first.Running + first.Starting).Should().Be(wanted);
        second.Should().BeEquivalentTo(first);
    }

    [Fact]
    public async Task Drained_AreThoseThatGo()
    {
        _cluster.Replicas = 5;
        for (var i = 0; i < 5; i++) _cluster.Add(ready: true);
        string[] drained = [_cluster.Pods[0], _cluster.Pods[2]];

        var marked = Done(await _fleet.DrainAsync(drained, Token));
        var scaled = Done(await _fleet.ScaleToAsync(3, Token));
        _cluster.Reconcile();

        marked.Running.Should().Be(5, "a mark alone lets nobody go");
        scaled.Should().BeEquivalentTo(new FleetWorkers(3, 0, 2, ["worker-004", "worker-003", "worker-001"]),
            exactly => exactly.WithStrictOrdering());
        _cluster.Pods.Should().Equal("worker-001", "worker-003", "worker-004");
        Done(await _fleet.CurrentAsync(Token)).Should().BeEquivalentTo(scaled);
    }

    [Fact]
    public async Task Drained_WhenTheScaleFailsAfterwards_StillCount_SoThatTheChangeIsAskedForAgain()
    {
        _cluster.Replicas = 3;
        for (var i = 0; i < 3; i++) _cluster.Add(ready: true);
        await _fleet.DrainAsync([_cluster.Pods[2]], Token);
        _cluster.Fault = async context =>
        {
            if (context.Request.Method != "PATCH") return false;
            context.Response.StatusCode = 503;
            await context.Response.WriteAsync("{}");
            return true;
        };

        (await _fleet.ScaleToAsync(2, Token)).Outcome.Should().Be(FleetOutcome.Unreachable);

        _cluster.Fault = _ => Task.FromResult(false);
        Done(await _fleet.CurrentAsync(Token)).Running.Should().Be(3);
    }

    [Fact]
    public async Task Drain_WhenRepeated_MarksOnce()
    {
        _cluster.Replicas = 2;
        var (first, second) = (_cluster.Add(ready: true), _cluster.Add(ready: true));

        await _fleet.DrainAsync([first], Token);
        var again = Done(await _fleet.DrainAsync([first, first], Token));

        _cluster.Patches.Should().ContainSingle();
        _cluster.CostOf(second).Should().BeNull();
        int.Parse(_cluster.CostOf(first)!, null).Should().BeNegative();
        again.Should().BeEquivalentTo(new FleetWorkers(2, 0, 0, [second, first]));
    }

    [Fact]
    public async Task Drain_WhenAWorkerIsGone_PassesItOver()
    {
        _cluster.Replicas = 3;
        var (first, second, third) = (_cluster.Add(ready: true), _cluster.Add(ready: true), _cluster.Add(ready: true));
        // It goes after it was listed and before it is marked.
        _cluster.Fault = context =>
        {
            if (context.Request.Method == "PATCH") _cluster.Remove(second);
            return Task.FromResult(false);
        };

        var answer = Done(await _fleet.DrainAsync(["never-was/../x", second, first], Token));

        answer.Should().BeEquivalentTo(new FleetWorkers(2, 1, 0, [third, first]));
        _cluster.CostOf(first).Should().NotBeNull();
        _cluster.Patches.Should().HaveCount(2).And.NotContain(request => request.Contains("never-was"));
    }

    [Fact]
    public async Task ScaleTo_WhenMarkedOnesAreNeededAgain_TakesTheirMarksAway()
    {
        _cluster.Replicas = 3;
        for (var i = 0; i < 3; i++) _cluster.Add(ready: true);
        await _fleet.DrainAsync([_cluster.Pods[0], _cluster.Pods[1]], Token);

        var two = Done(await _fleet.ScaleToAsync(2, Token));
        var four = Done(await _fleet.ScaleToAsync(4, Token));

        two.Should().BeEquivalentTo(new FleetWorkers(2, 0, 1, ["worker-002", "worker-000"]));
        four.Should().BeEquivalentTo(new FleetWorkers(3, 1, 0, ["worker-002", "worker-001", "worker-000"]));
        _cluster.Pods.Select(_cluster.CostOf).Should().OnlyContain(cost => cost == null);
    }

    [Fact]
    public async Task Current_WhenThereAreManyPods_ReadsThemPageByPage()
    {
        _cluster.Replicas = 250;
        for (var i = 0; i < 250; i++) _cluster.Add(ready: true);

        var workers = Done(await _fleet.CurrentAsync(Token));

        workers.Running.Should().Be(250);
        workers.Newest.Should().HaveCount(250).And.OnlyHaveUniqueItems().And.StartWith("worker-249");
        _cluster.Requests.Count(request => request.Contains("/pods?")).Should().Be(3);
    }

    [Fact]
    public async Task Current_WhenAListingExpires_StartsItAgain()
    {
        _cluster.Replicas = 150;
        for (var i = 0; i < 150; i++) _cluster.Add(ready: true);
        var expired = false;
        _cluster.Fault = async context =>
        {
            if (expired || !context.Request.Query.ContainsKey("continue")) return false;
            expired = true;
            await ClusterStub.AnswerAsync(context, 410, "The provided continue parameter is too old");
            return true;
        };

        Done(await _fleet.CurrentAsync(Token)).Running.Should().Be(150);
    }

    [Fact]
    public async Task Calls_WhenTheyMeetConflicts_AreMadeAgain()
    {
        _cluster.Replicas = 2;
        _cluster.Add(ready: true);
        _cluster.Add(ready: true);
        var conflicts = 0;
        _cluster.Fault = async context =>
        {
            if (context.Request.Method != "PATCH" || conflicts++ % 3 == 2) return false;
            await ClusterStub.AnswerAsync(context, 409, "the object has been modified");
            return true;
        };

        Done(await _fleet.DrainAsync([_cluster.Pods[0]], Token));
        Done(await _fleet.ScaleToAsync(1, Token));

        _cluster.Replicas.Should().Be(1);
        _cluster.CostOf("worker-000").Should().NotBeNull();
        _cluster.Patches.Should().HaveCount(6);
    }

    [Fact]
    public async Task Calls_WhenTheConflictsDoNotEnd_GiveUp()
    {
        _cluster.Fault = async context =>
        {
            if (context.Request.Method != "PATCH") return false;
            await ClusterStub.AnswerAsync(context, 409, "the object has been modified");
            return true;
        };

        var answer = await _fleet.ScaleToAsync(1, Token);

        answer.Outcome.Should().Be(FleetOutcome.Refused);
        answer.Detail.Should().Contain("409").And.Contain("has been modified");
        _cluster.Patches.Should().HaveCount(5);
    }

    private static FleetWorkers Done(FleetAnswer answer)
    {
        answer.Outcome.Should().Be(FleetOutcome.Done, answer.Detail);
        return answer.Workers!;
    }
}
