using System.Net;
using System.Net.Sockets;
using FaaS.Application.Scaler;
using FaaS.Infrastructure.Fleet.Kubernetes;
using FaaS.Tests.Shared;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Tests.Fleet;

/// <summary>A Kubernetes API that refuses, breaks off, says nonsense, or is not there; and where it is looked for.</summary>
public sealed class KubernetesFaultTests : IAsyncLifetime
{
    private readonly LogLines<KubernetesFleet> _log = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("faas-kube-").FullName;
    private ClusterStub _cluster = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await ClusterStub.StartAsync();
        _cluster.Replicas = 1;
        _cluster.Add(ready: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(401, FleetOutcome.Refused)]
    [InlineData(403, FleetOutcome.Refused)]
    [InlineData(404, FleetOutcome.Refused)]
    [InlineData(429, FleetOutcome.Unreachable)]
    [InlineData(500, FleetOutcome.Unreachable)]
    [InlineData(503, FleetOutcome.Unreachable)]
    [InlineData(504, FleetOutcome.TimedOut)]
    public async Task Call_WhenTheApiAnswersAnError_SaysWhich(int status, FleetOutcome outcome)
    {
        using var fleet = Fleet();
        _cluster.Fault = async context =>
        {
            await ClusterStub.AnswerAsync(context, status, "no\u001b[31m\r\nreason\u202e at all");
            return true;
        };

        var answer = await fleet.CurrentAsync(Token);

        answer.Should().Be(FleetAnswer.Fail(outcome, $"The Kubernetes API answered {status}: no reason at all"));
    }

    [Theory]
    [InlineData("/scale", "nonsense")]
    [InlineData("/scale", "<html>please log in</html>")]
    [InlineData("/scale", "")]
    [InlineData("/scale", "null")]
    [InlineData("/scale", "[]")]
    [InlineData("/scale", "{}")]
    [InlineData("/scale", """{"kind": "Status", "status": "Success"}""")]
    [InlineData("/scale", """{"kind": "Scale", "spec": {"replicas": 1}, "status": {"selector": ""}}""")]
    [InlineData("/scale", """{"kind": "Scale", "spec": {"replicas": "many"}, "status": {"selector": "a=b"}}""")]
    [InlineData("/pods", "{\"kind\": \"PodList\", \"items\": [")]
    [InlineData("/pods", "{}")]
    [InlineData("/pods", """{"kind": "PodList", "items": [{}]}""")]
    [InlineData("/pods", """{"kind": "PodList", "items": [null]}""")]
    [InlineData("/pods", """{"kind": "PodList", "items": [{"metadata": {"name": "a", "creationTimestamp": "yesterday"}}]}""")]
    public async Task Call_WhenTheAnswerMakesNoSense_SaysSo(string path, string body)
    {
        using var fleet = Fleet();
        _cluster.Fault = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith(path, StringComparison.Ordinal)) return false;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body);
            return true;
        };

        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Unreadable);
    }

    [Fact]
    public async Task Call_WhenThePagesDoNotEnd_GivesUp()
    {
        using var fleet = Fleet();
        _cluster.Fault = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("/pods", StringComparison.Ordinal)) return false;
            await context.Response.WriteAsync("""{"kind": "PodList", "metadata": {"continue": "more"}, "items": []}""");
            return true;
        };

        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Unreadable);
        _cluster.Requests.Should().HaveCountLessThan(200);
    }

    [Fact]
    public async Task Call_WhenTheAnswerDoesNotEnd_GivesUp()
    {
        using var fleet = Fleet(options => options.Timeout = TimeSpan.FromMinutes(1));
        var blank = new byte[1024 * 1024];
        Array.Fill(blank, (byte)' ');
        _cluster.Fault = async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(blank, CancellationToken.None);
            return true;
        };

        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Unreadable, "its bytes were too many before its time was over");
    }

    [Fact]
    public async Task Call_WhenTheConnectionBreaks_SaysUnreachable()
    {
        using var fleet = Fleet();
        _cluster.Fault = context =>
        {
            context.Abort();
            return Task.FromResult(true);
        };

        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Unreachable);
    }

    [Fact]
    public async Task Call_WhenNobodyListens_SaysUnreachable()
    {
        // Bound and not listening: nobody else gets the port, and nobody answers.
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var fleet = Fleet(options => options.Url = $"http://{socket.LocalEndPoint}");

        (await fleet.ScaleToAsync(1, Token)).Outcome.Should().Be(FleetOutcome.Unreachable);
    }

    [Fact]
    public async Task Call_WhenTheApiIsSlow_TimesOut_AndTheNextSucceeds()
    {
        using var fleet = Fleet(options => options.Timeout = TimeSpan.FromMilliseconds(300));
        Hang();

        var answer = await fleet.CurrentAsync(Token);

        answer.Outcome.Should().Be(FleetOutcome.TimedOut);
        answer.Detail.Should().Contain("0.3 s");
        _cluster.Fault = _ => Task.FromResult(false);
        using var patient = Fleet();
        (await patient.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Done);
    }

    [Fact]
    public async Task Call_WhenItIsCancelled_Throws()
    {
        using var fleet = Fleet(options => options.Timeout = TimeSpan.FromMinutes(5));
        using var cancelled = new CancellationTokenSource();
        Hang();
        _ = Eventually.HoldsAsync(() => _cluster.Requests.Count == 1).ContinueWith(
            _ => cancelled.CancelAsync(), Token, TaskContinuationOptions.None, TaskScheduler.Default);

        var call = () => fleet.CurrentAsync(cancelled.Token);

        await call.Should().ThrowAsync<OperationCanceledException>();
        await call.Should().ThrowAsync<OperationCanceledException>("it is cancelled already");
    }

    [Fact]
    public async Task Call_WhenThisIsNoPod_SaysSo()
    {
        using var fleet = Fleet(options => options.Url = null);

        var answer = await fleet.CurrentAsync(Token);

        answer.Outcome.Should().Be(FleetOutcome.Unreachable);
        answer.Detail.Should().Contain("service account");
    }

    [Fact]
    public async Task Kubeconfig_SaysWhereAndWhoAndWhichNamespace()
    {
        var file = await WriteAsync(
            $$$"""
            apiVersion: v1
            kind: Config
            current-context: here
            contexts: [{name: here, context: {cluster: local, user: scaler, namespace: faas}}]
            clusters: [{name: local, cluster: {server: "{{{_cluster.Url}}}"}}]
            users: [{name: scaler, user: {token: hush-hush}}]
            """);
        using var fleet = Fleet(options => (options.Url, options.Kubeconfig, options.Namespace) = (null, file, ""));

        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Done);
        _cluster.Authorization.Should().Be("Bearer hush-hush");
    }

    [Fact]
    public async Task Kubeconfig_WhenItCannotBeRead_IsNamedButNotRepeated_AndTriedAgain()
    {
        var file = Path.Combine(_folder, "config");
        using var fleet = Fleet(options => (options.Url, options.Kubeconfig) = (null, file));

        var missing = await fleet.CurrentAsync(Token);
        await WriteAsync("users: [{name: scaler, user: {token: hush-hush}\n\t- what");
        var broken = await fleet.CurrentAsync(Token);
        await WriteAsync(
            $$$"""
            current-context: here
            contexts: [{name: here, context: {cluster: local, user: scaler}}]
            clusters: [{name: local, cluster: {server: "{{{_cluster.Url}}}"}}]
            users: [{name: scaler, user: {token: hush-hush}}]
            """);

        foreach (var answer in (FleetAnswer[])[missing, broken])
        {
            answer.Outcome.Should().Be(FleetOutcome.Unreachable);
            answer.Detail.Should().Contain(file).And.NotContain("hush");
        }
        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Done);
    }

    [Fact]
    public async Task Failures_AreLoggedOnce_AndSoIsTheirEnd()
    {
        using var fleet = Fleet();
        _cluster.Fault = async context =>
        {
            await ClusterStub.AnswerAsync(context, 403, "forbidden");
            return true;
        };

        for (var i = 0; i < 3; i++) await fleet.CurrentAsync(Token);
        _cluster.Fault = _ => Task.FromResult(false);
        for (var i = 0; i < 2; i++) await fleet.CurrentAsync(Token);

        _log.All.Select(line => line.Level).Should().Equal(
            LogLevel.Warning, LogLevel.Debug, LogLevel.Debug, LogLevel.Information);
        _log.All[0].Text.Should().Contain("Refused").And.Contain("forbidden");
    }

    private void Hang() => _cluster.Fault = async context =>
    {
        var aborted = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(aborted.SetResult);
        await aborted.Task;
        return true;
    };

    private async Task<string> WriteAsync(string text)
    {
        var file = Path.Combine(_folder, "config");
        await File.WriteAllTextAsync(file, text, Token);
        return file;
    }

    private KubernetesFleet Fleet(Action<KubernetesFleetOptions>? change = null)
    {
        var options = new KubernetesFleetOptions { Namespace = ClusterStub.Namespace, Url = _cluster.Url.ToString() };
        change?.Invoke(options);
        return new KubernetesFleet(Options.Create(options), _log);
    }
}
