using System.Diagnostics.Metrics;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Application.Tests;

/// <summary>How a caller and the modules it calls are put together.</summary>
public enum Shape
{
    /// <summary>In one container.</summary>
    Direct,

    /// <summary>In two, with nothing but bytes between them.</summary>
    Codec,
}

/// <summary>The db and queue modules over the memory store, and one who calls them.</summary>
internal sealed class Parts : IAsyncDisposable
{
    private static readonly string[] QueueSettings = ["Queue:AdoptionGrace=00:00:00", "Queue:Backoff=00:00:00.001"];
    private readonly ServiceProvider _server;
    private readonly ServiceProvider _caller;

    private Parts(ServiceProvider server, ServiceProvider caller, MemoryStore store, FakeLifetime lifetime)
    {
        _server = server;
        _caller = caller;
        Store = store;
        Lifetime = lifetime;
    }

    public MemoryStore Store { get; }

    /// <summary>What the instruments of these parts, and of no others, have said.</summary>
    public Measurements Measurements => (Measurements)_server.GetRequiredService<IMeterFactory>();

    public FakeLifetime Lifetime { get; }

    /// <summary>What the caller calls.</summary>
    public IMediator Mediator => _caller.GetRequiredService<IMediator>();

    public IServiceProvider Server => _server;

    public QueueLoop Loop => _server.GetRequiredService<QueueLoop>();

    public static Parts Build(
        Shape shape = Shape.Direct, MemoryStore? store = null, Roles caller = Roles.Frontend, TimeProvider? time = null,
        params string[] settings)
    {
        store ??= new MemoryStore().With("ann", "add");
        var lifetime = new FakeLifetime();
        var services = Basics(lifetime, time, settings);
        services.AddSingleton<IJobStore>(store).AddSingleton<IJobLists>(store).AddSingleton<IUserStore>(store).AddSingleton<IFunctionStore>(store)
            .AddSingleton<IDecisionStore>(store)
            .AddSingleton<IKeyStore>(store).AddSingleton<IQuotaStore>(store).AddSingleton<IConfigStore>(store).AddSingleton<IScheduleStore>(store).AddSingleton<IVersionStore>(store).AddSingleton<IAuditStore>(store).AddSingleton<IUsageStore>(store);
        // As the hosts do it.
        services.AddOptions<SecretOptions>().PostConfigure<IConfiguration>(
            (secrets, configuration) => secrets.Take(configuration["FAAS_SECRET_KEYS"]));
        new ModuleComposition(services).Serve<DbModule>().Serve<QueueModule>().Build();
        var server = services.BuildServiceProvider();
        if (shape == Shape.Direct) return new Parts(server, server, store, lifetime);

        var remote = Basics(lifetime, time, settings);
        foreach (var module in new[] { "db", "queue" })
            remote.AddKeyedSingleton<IRequestTransport>(module, (_, _) => new InMemoryTransport(
                server.GetRequiredService<ServedRequests>(), server.GetRequiredService<IMediator>(), caller));
        new ModuleComposition(remote)
            .Connect<DbModule>("inproc://db", "DB_URL").Connect<QueueModule>("inproc://queue", "JQ_URL").Build();
        return new Parts(server, remote.BuildServiceProvider(), store, lifetime);
    }

    /// <summary>Builds the parts and starts the queue.</summary>
    public static async Task<Parts> StartAsync(
        Shape shape = Shape.Direct, MemoryStore? store = null, Roles caller = Roles.Frontend, TimeProvider? time = null,
        params string[] settings)
    {
        var parts = Build(shape, store, caller, time, settings);
        await parts.Loop.StartAsync(CancellationToken.None);
        await parts.ReadyAsync();
        return parts;
    }

    public Task ReadyAsync() => Eventually.HoldsAsync(
        async () => (await Loop.AskAsync<bool>((_, reply, _) => reply.Reply(true), CancellationToken.None)).IsOk);

    /// <summary>Ends the queue the way a host does.</summary>
    public Task StopAsync(CancellationToken cancellation = default)
    {
        Lifetime.BeginStopping();
        return Loop.StopAsync(cancellation);
    }

    /// <summary>What the queue holds.</summary>
    public async Task<QueueCounts> CountsAsync() => (await _server.GetRequiredService<IMediator>().Send(new GetBacklog())).Value;

    /// <summary>A worker over the same parts.</summary>
    public WorkerLoop CreateWorker(
        ISandbox sandbox, WorkerOptions? options = null, IMediator? mediator = null, TimeProvider? time = null) => new(
        mediator ?? Mediator, sandbox, Microsoft.Extensions.Options.Options.Create(options ?? new WorkerOptions()),
        time ?? TimeProvider.System, NullLogger<WorkerLoop>.Instance, Measurements);

    public async ValueTask DisposeAsync()
    {
        if (Loop.ExecuteTask is { IsCompleted: false })
        {
            Store.Down = null;
            Store.Throws = null;
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await StopAsync(bound.Token);
        }
        await _caller.DisposeAsync();
        await _server.DisposeAsync();
        Lifetime.Dispose();
    }

    private static ServiceCollection Basics(FakeLifetime lifetime, TimeProvider? time, string[] settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton<IHostApplicationLifetime>(lifetime);
        services.AddSingleton<IMeterFactory, Measurements>();
        if (time is not null) services.AddSingleton(time);
        var configuration = new ConfigurationManager();
        foreach (var setting in QueueSettings.Concat(settings))
            configuration[setting[..setting.IndexOf('=')]] = setting[(setting.IndexOf('=') + 1)..];
        services.AddSingleton<IConfiguration>(configuration);
        return services;
    }
}
