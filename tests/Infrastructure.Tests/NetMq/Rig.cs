using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>Answers requests with whatever a test makes of them.</summary>
internal sealed class ScriptedMediator(Func<object, CancellationToken, Task<object>> answer) : IMediator
{
    public async Task<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken cancellationToken = default) =>
        (TResponse)await answer(request, cancellationToken);

    public Task Publish(object notification, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Publish<TNotification>(TNotification notification, CancellationToken cancellationToken = default)
        where TNotification : INotification => throw new NotSupportedException();
}

/// <summary>A server on a free port that serves the real contracts with scripted handlers, and its clients.</summary>
internal sealed class Rig : IAsyncDisposable
{
    public const string Secret = "0123456789abcdef0123456789abcdef";
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    internal static readonly ServedRequests Served = Serve();
    private readonly List<NetMqTransport> _clients = [];

    private Rig(NetMqServer server, NetMqOptions options)
    {
        Server = server;
        Options = options;
    }

    public static ContractRow<ReadSource, SourceText> ReadSource { get; } =
        (ContractRow<ReadSource, SourceText>)Find("db.read-source/1");

    public static ContractRow<WatchLeases, RevokedLeases> Watch { get; } =
        (ContractRow<WatchLeases, RevokedLeases>)Find("queue.watch-leases/1");

    public static ContractRow<StorePayload, StoredPayload> Store { get; } =
        (ContractRow<StorePayload, StoredPayload>)Find("db.store-payload/1");

    public static ContractRow<TakeEpoch, Epoch> TakeEpoch { get; } = (ContractRow<TakeEpoch, Epoch>)Find("db.take-epoch/1");

    public static SourceHash Hash { get; } = new("00112233445566778899aabbccddeeff");

    public NetMqServer Server { get; private set; }

    public NetMqOptions Options { get; }

    public static NetMqOptions Settings(Action<NetMqOptions>? set = null)
    {
        var options = new NetMqOptions { Secret = Secret, BackoffMax = TimeSpan.FromMilliseconds(100), LeaveNotice = TimeSpan.Zero };
        set?.Invoke(options);
        return options;
    }

    /// <summary>Starts a server; without a script every source is three bytes and every payload is stored.</summary>
    public static async Task<Rig> StartAsync(
        Func<object, CancellationToken, Task<object>>? script = null, NetMqOptions? options = null)
    {
        options ??= Settings();
        return new Rig(await StartServerAsync(script, options, 0), options);
    }

    public static Task<object> Answer(object request, CancellationToken cancellation) => Task.FromResult(request switch
    {
        Application.Db.ReadSource => Result<SourceText>.Ok(new SourceText([1, 2, 3])),
        StorePayload store => Result<StoredPayload>.Ok(new StoredPayload(store.Id)),
        _ => (object)Result<Epoch>.Ok(default!),
    });

    public async Task<NetMqTransport> ConnectAsync(
        Roles role = Roles.Worker, NetMqOptions? options = null, int? port = null, bool waits = true)
    {
        var client = new NetMqTransport(
            options ?? Options, "queue", role, new NetMqAddress("127.0.0.1", port ?? Server.Port), NullLogger<NetMqTransport>.Instance);
        _clients.Add(client);
        await client.StartAsync(default);
        if (waits) await Eventually.HoldsAsync(() => client.Counts.IsConnected);
        return client;
    }

    /// <summary>Ends the server without a word, as a crash does, and starts another one in its place.</summary>
    public async Task ReplaceServerAsync(Func<object, CancellationToken, Task<object>>? script = null)
    {
        var port = Server.Port;
        await Server.DisposeAsync();
        Server = await StartServerAsync(script, Options, port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync();
        await Server.DisposeAsync();
    }

    private static async Task<NetMqServer> StartServerAsync(
        Func<object, CancellationToken, Task<object>>? script, NetMqOptions options, int port)
    {
        NetMqServer? server = null;
        await Eventually.HoldsAsync(async () =>
        {
            var fresh = new NetMqServer(
                options, new NetMqAddress("127.0.0.1", port), Served, new ScriptedMediator(script ?? Answer),
                NullLogger<NetMqServer>.Instance);
            try
            {
                await fresh.StartAsync(default);
                server = fresh;
                return true;
            }
            catch (CompositionException)
            {
                // The socket before it is closed by another thread, a moment after it is disposed.
                return false;
            }
        });
        return server!;
    }

    private static ContractRow Find(string name) =>
        DbContract.Contract.Rows.Concat(QueueContract.Contract.Rows).Single(row => row.Name == name);

    private static ServedRequests Serve()
    {
        var services = new ServiceCollection();
        new ModuleComposition(services).Serve<DbModule>().Serve<QueueModule>().Build();
        return services.BuildServiceProvider().GetRequiredService<ServedRequests>();
    }
}

/// <summary>Requests as tests make them.</summary>
internal static class Calls
{
    public static Task<Result<ReadOnlyMemory<byte>>> ReadAsync(
        this NetMqTransport client, TimeSpan? deadline = null, CancellationToken cancellation = default) =>
        client.SendAsync(Rig.ReadSource, Rig.ReadSource.Encode(new ReadSource(Rig.Hash)), deadline ?? Rig.Long, cancellation);

    public static Task<Result<ReadOnlyMemory<byte>>> WatchAsync(
        this NetMqTransport client, TimeSpan? deadline = null, CancellationToken cancellation = default) =>
        client.SendAsync(Rig.Watch, Rig.Watch.Encode(new WatchLeases(Guid.Empty, 60_000)), deadline ?? Rig.Long, cancellation);

    public static Task<Result<ReadOnlyMemory<byte>>> StoreAsync(this NetMqTransport client, int bytes) =>
        client.SendAsync(Rig.Store, Rig.Store.Encode(new StorePayload(Guid.Empty, new byte[bytes])), Rig.Long, default);
}
