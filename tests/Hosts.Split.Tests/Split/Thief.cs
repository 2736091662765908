using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Hosts.Shared;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Infrastructure.NetMq;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FaaS.Hosts.Tests.Split;

/// <summary>
/// Somebody with a stolen worker's key and our own code: connected to queue and db as a worker, without being one.
/// </summary>
public sealed class Thief : IAsyncDisposable
{
    private readonly IHost _host;

    private Thief(IHost host) => _host = host;

    /// <summary>What it calls itself.</summary>
    public Guid Worker { get; } = Guid.NewGuid();

    /// <summary>Connects it.</summary>
    /// <param name="platform">Whom it attacks.</param>
    /// <param name="roleKey">The key it has stolen, in hex.</param>
    public static async Task<Thief> EnterAsync(SplitDeployment platform, string roleKey)
    {
        var builder = FaasHost.CreateBuilder(
            [$"--{NetMqOptions.RoleKeyVariable}={roleKey}", "--urls=http://127.0.0.1:0"]);
        var (db, queue) = ($"tcp://127.0.0.1:{platform.DbPort}", $"tcp://127.0.0.1:{platform.QueuePort}");
        new ModuleComposition(builder.Services)
            .Connect<DbModule>(db, "DB_URL").Connect<QueueModule>(queue, "JQ_URL").Build();
        builder.Services.AddNetMqClient(builder.Configuration, "db", Roles.Worker, db)
            .AddNetMqClient(builder.Configuration, "queue", Roles.Worker, queue);
        var host = builder.Build();
        await host.StartAsync();
        return new Thief(host);
    }

    /// <summary>Asks as our own workers do; what is not there yet is waited for.</summary>
    public async Task<Result<T>> SendAsync<T>(IRequest<Result<T>> request)
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await _host.Services.GetRequiredService<IMediator>().Send(request);
            var again = answer.Error?.Code is ErrorCode.Unavailable or ErrorCode.OutcomeUnknown;
            if (!again || tries > 100) return answer;
            await Task.Delay(100);
        }
    }

    /// <summary>Sends bytes under a row's name.</summary>
    public Task<Result<ReadOnlyMemory<byte>>> SendAsync(string module, ContractRow row, byte[] body) =>
        _host.Services.GetRequiredKeyedService<IRequestTransport>(module)
            .SendAsync(row, body, TimeSpan.FromSeconds(20), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
