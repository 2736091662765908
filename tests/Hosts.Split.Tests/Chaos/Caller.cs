using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Infrastructure.NetMq;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary>The test itself as one of the parts: it knows the secret and speaks to the queue and to db in some role.</summary>
internal sealed class Caller : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IHostedService[] _hosted;

    private Caller(ServiceProvider services)
    {
        _services = services;
        _hosted = [.. services.GetServices<IHostedService>()];
    }

    public static async Task<Caller> StartAsync(SplitDeployment platform, Roles role)
    {
        var (db, queue) = ($"tcp://127.0.0.1:{platform.DbPort}", $"tcp://127.0.0.1:{platform.QueuePort}");
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("FAAS_CLUSTER_SECRET", SplitDeployment.Secret)]).Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddNetMqClient(configuration, "db", role, db).AddNetMqClient(configuration, "queue", role, queue);
        new ModuleComposition(services).Connect<DbModule>(db, "DB_URL").Connect<QueueModule>(queue, "JQ_URL").Build();
        var caller = new Caller(services.BuildServiceProvider());
        foreach (var hosted in caller._hosted) await hosted.StartAsync(default);
        return caller;
    }

    public Task<Result<T>> SendAsync<T>(IRequest<Result<T>> request) =>
        _services.GetRequiredService<IMediator>().Send(request);

    public async ValueTask DisposeAsync()
    {
        foreach (var hosted in _hosted) await hosted.StopAsync(default);
        await _services.DisposeAsync();
    }
}
