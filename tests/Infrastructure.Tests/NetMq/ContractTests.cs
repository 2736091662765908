using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>The real modules in one container, their callers in others, and real sockets between them.</summary>
public sealed class NetMqContractTests : IAsyncLifetime
{
    private static readonly Guid Worker = new("0f8fad5b-d9cb-469f-a165-70867728950e");
    private readonly MemoryStore _store = new MemoryStore().With("ann", "add");
    private readonly FakeLifetime _lifetime = new();
    private readonly List<ServiceProvider> _containers = [];
    private NetMqServer _server = null!;
    private IHostedService[] _parts = [];

    public async ValueTask InitializeAsync()
    {
        var services = Basics();
        services.AddSingleton<IHostApplicationLifetime>(_lifetime);
        services.AddSingleton<IJobStore>(_store).AddSingleton<IJobLists>(_store).AddSingleton<IUserStore>(_store).AddSingleton<IFunctionStore>(_store)
            .AddSingleton<IDecisionStore>(_store)
            .AddSingleton<IKeyStore>(_store).AddSingleton<IQuotaStore>(_store).AddSingleton<IConfigStore>(_store).AddSingleton<IScheduleStore>(_store).AddSingleton<IVersionStore>(_store).AddSingleton<IAuditStore>(_store).AddSingleton<IUsageStore>(_store);
        new ModuleComposition(services).Serve<DbModule>().Serve<QueueModule>().Build();
        services.AddNetMqServer(Settings(), "127.0.0.1", 0);
        var provider = Keep(services);
        _server = provider.GetRequiredService<NetMqServer>();
        _parts = [.. provider.GetServices<IHostedService>()];
        foreach (var part in _parts) await part.StartAsync(default);
        var mediator = provider.GetRequiredService<IMediator>();
        await Eventually.HoldsAsync(async () => (await mediator.Send(new GetBacklog())).IsOk);
    }

    [Fact]
    public async Task Job_FromItsSubmissionToItsEnd_PassesOverSockets()
    {
        var (frontend, worker) = (await CallerAsync(Roles.Frontend), await CallerAsync(Roles.Worker));
        var job = new JobId(1, 2);
        var lease = worker.Send(new LeaseJobs(Worker, 1, 1, 1, 20_000, []));

        var enqueued = await frontend.Send(new EnqueueJobs([new JobSubmission(job, "ann", "add", Body.Of("[1]"u8.ToArray()), 1)]));
        var wait = frontend.Send(new WaitJob(job, 20_000));
        var leased = (await lease).Value.Jobs.Should().ContainSingle().Which;
        var end = new AttemptEnd(
            Outcome.Success, ResultKind.Json, Body.Of("3"u8.ToArray()), null, Body.Empty,
            new ResourceUsage(TimeSpan.FromMilliseconds(2), TimeSpan.Zero, TimeSpan.Zero));
        var completed = await worker.Send(new CompleteJobs(Worker, [new AttemptReport(job, leased.Token, end)]));

        enqueued.Value.Errors.Should().OnlyContain(error => error == null);
        leased.Job.Should().Be(job);
        completed.Value.Stale.Should().BeEmpty();
        (await wait).Value.End!.State.Should().Be(JobState.Succeeded);
        (await frontend.Send(new GetBacklog())).Value.Terminal.Should().Be(1);
    }

    [Fact]
    public async Task Errors_OfHandlersValidatorsAndRoles_CrossAsTheyAre()
    {
        var (frontend, worker) = (await CallerAsync(Roles.Frontend), await CallerAsync(Roles.Worker));

        (await frontend.Send(new GetFunction("nobody", "add"))).Error!.Code.Should().Be(ErrorCode.UserNotFound);
        (await worker.Send(new WatchLeases(Worker, 99_999))).Error!.Code.Should().Be(ErrorCode.BadRequest);
        (await worker.Send(new CloseOwner(1))).Error!.Code.Should().Be(ErrorCode.Forbidden);
    }

    public async ValueTask DisposeAsync()
    {
        _lifetime.BeginStopping();
        foreach (var part in Enumerable.Reverse(_parts)) await part.StopAsync(default);
        foreach (var container in Enumerable.Reverse(_containers)) await container.DisposeAsync();
        _lifetime.Dispose();
    }

    private async Task<IMediator> CallerAsync(Roles role)
    {
        var services = Basics();
        foreach (var module in new[] { "db", "queue" })
            services.AddNetMqClient(Settings(), module, role, _server.Endpoint);
        new ModuleComposition(services)
            .Connect<DbModule>(_server.Endpoint, "DB_URL").Connect<QueueModule>(_server.Endpoint, "JQ_URL").Build();
        var provider = Keep(services);
        foreach (var service in provider.GetServices<IHostedService>()) await service.StartAsync(default);
        await Eventually.HoldsAsync(async () =>
        {
            foreach (var part in provider.GetServices<IReadiness>())
                if (await part.FindMissingAsync(default) is not null) return false;
            return true;
        });
        return provider.GetRequiredService<IMediator>();
    }

    private ServiceProvider Keep(ServiceCollection services)
    {
        var provider = services.BuildServiceProvider();
        _containers.Add(provider);
        return provider;
    }

    private static ConfigurationManager Settings() => new()
    {
        ["FAAS_CLUSTER_SECRET"] = Rig.Secret,
        ["Queue:AdoptionGrace"] = "00:00:00",
    };

    private static ServiceCollection Basics()
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton<IConfiguration>(Settings());
        return services;
    }
}
