using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FaaS.Hosts.Tests.Chaos;

/// <summary>
/// The test itself as one of the parts: it knows the secret, or a role's key alone, and speaks to the queue and to db in
/// some role.
/// </summary>
internal sealed class Caller : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IHostedService[] _hosted;

    private Caller(ServiceProvider services)
    {
        _services = services;
        _hosted = [.. services.GetServices<IHostedService>()];
    }

    /// <summary>Connects it.</summary>
    /// <param name="platform">To whom.</param>
    /// <param name="role">What it says it is.</param>
    /// <param name="roleKey">All it knows, in hex; null for somebody who knows the secret.</param>
    public static async Task<Caller> StartAsync(SplitDeployment platform, Roles role, string? roleKey = null)
    {
        var (db, queue) = ($"tcp://127.0.0.1:{platform.DbPort}", $"tcp://127.0.0.1:{platform.QueuePort}");
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([roleKey is null
                ? new("FAAS_CLUSTER_SECRET", SplitDeployment.Secret)
                : new(NetMqOptions.RoleKeyVariable, roleKey)]).Build();
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

    /// <summary>Asks until somebody answers: the other side may be starting.</summary>
    public async Task<Result<T>> InsistAsync<T>(IRequest<Result<T>> request)
    {
        var answer = await SendAsync(request);
        await Eventually.HoldsAsync(async () =>
        {
            if (answer.Error?.Code is not (ErrorCode.Unavailable or ErrorCode.OutcomeUnknown)) return true;
            answer = await SendAsync(request);
            return false;
        }, TimeSpan.FromSeconds(60));
        return answer;
    }

    /// <summary>Sends bytes under a row's name.</summary>
    public Task<Result<ReadOnlyMemory<byte>>> SendAsync(string module, ContractRow row, byte[] body) =>
        _services.GetRequiredKeyedService<IRequestTransport>(module)
            .SendAsync(row, body, TimeSpan.FromSeconds(20), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (var hosted in _hosted) await hosted.StopAsync(default);
        await _services.DisposeAsync();
    }
}
