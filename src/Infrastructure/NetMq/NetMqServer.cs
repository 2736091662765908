using FaaS.Application.Messaging;
using MediatR;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NetMQ;
using NetMQ.Sockets;

namespace FaaS.Infrastructure.NetMq;

/// <summary>Answers other processes: what <see cref="ServedRequests"/> lists, to those who prove their role.</summary>
public sealed class NetMqServer : IHostedService, IAsyncDisposable
{
    private const int Backlog = 512;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan IdleLook = TimeSpan.FromMilliseconds(5);

    private readonly NetMqOptions _options;
    private readonly NetMqAddress _address;
    private readonly ILogger _log;
    private readonly Answering _answering;
    private readonly ServerState _state;
    private ServerLoop? _loop;
    private OwnerThread? _thread;

    /// <summary>Makes a server; <see cref="StartAsync"/> binds it.</summary>
    /// <param name="options">Keys and bounds.</param>
    /// <param name="address">Where to listen.</param>
    /// <param name="served">What to answer.</param>
    /// <param name="mediator">Finds the handlers.</param>
    /// <param name="log">Takes what goes wrong.</param>
    public NetMqServer(
        NetMqOptions options, NetMqAddress address, ServedRequests served, IMediator mediator, ILogger<NetMqServer> log)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _address = address;
        _log = log;
        _answering = new Answering(served, mediator, log);
        _state = new ServerState(options, options.Secret is null ? RoleKeys.None : RoleKeys.FromSecret(options.Secret), log);
    }

    /// <summary>Where it listens, <c>tcp://host:port</c>, with the port it was given; empty before the start.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>The port it listens on; 0 before the start.</summary>
    public int Port { get; private set; }

    /// <summary>What it has done and is doing.</summary>
    public NetMqServerCounts Counts => _state.Counts;

    /// <summary>The socket, for tests of what ROUTER does.</summary>
    internal NetMQSocket? Socket => _loop?.Socket;

    /// <inheritdoc/>
    /// <exception cref="CompositionException">The address cannot be bound.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var socket = new RouterSocket();
        try
        {
            Bind(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        _loop = new ServerLoop(_options, _answering, _state, socket);
        _thread = new OwnerThread(_loop, $"netmq server {Port}", _log);
        _loop.Wake = _thread.Wake;
        _thread.Start();
        NetMqLog.Bound(_log, Endpoint);
        if (!_address.IsLoopback && !_options.Curve) NetMqLog.LinkIsOpen(_log, Endpoint);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Stays until those peers have gone that are about to stop as well; then refuses new requests, lets answers finish
    /// for a while, and says goodbye.
    /// </summary>
    /// <param name="cancellationToken">Ends the patience.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_loop is not { } loop) return;
        await OutstayLeavingPeersAsync(cancellationToken).ConfigureAwait(false);
        loop.RefuseRequests();
        var since = OwnerThread.NowMs;
        while (!loop.IsIdle && OwnerThread.NowMs - since < _options.StopTimeout.TotalMilliseconds
            && !cancellationToken.IsCancellationRequested)
            await Task.Delay(IdleLook, CancellationToken.None).ConfigureAwait(false);
        loop.SayGoodbye();
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Closes the socket without a word, as a crash would; after <see cref="StopAsync"/> it does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        var thread = Interlocked.Exchange(ref _thread, null);
        if (thread is null) return;
        await Task.Run(thread.Dispose).ConfigureAwait(false);
        _loop = null;
    }

    /// <summary>
    /// Parts that are told to stop at one moment end in the order of who needs whom: a worker has reports for the queue,
    /// and the queue has commits for db. Peers that stay are not waited for.
    /// </summary>
    private async Task OutstayLeavingPeersAsync(CancellationToken cancellation)
    {
        var since = OwnerThread.NowMs;
        while (_state.Counts.Peers > 0 && !cancellation.IsCancellationRequested)
        {
            var waitedMs = OwnerThread.NowMs - since;
            var mayHearMore = waitedMs < _options.LeaveNotice.TotalMilliseconds;
            if (!mayHearMore && (_state.Leaving == 0 || waitedMs >= _options.LeaveTimeout.TotalMilliseconds)) return;
            await Task.Delay(IdleLook, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private void Bind(RouterSocket socket)
    {
        socket.Options.RouterMandatory = true;
        socket.Options.Linger = Linger;
        socket.Options.Backlog = Backlog;
        // A frame that cannot be one of ours ends its connection before it takes memory.
        socket.Options.MaxMsgSize = Frames.WholeBytesMax;
        if (_options.Curve)
        {
            socket.Options.CurveServer = true;
            socket.Options.CurveCertificate = _options.ServerPair();
        }
        try
        {
            Port = _address.Port;
            if (Port == 0) Port = socket.BindRandomPort($"tcp://{_address.Host}");
            else socket.Bind($"tcp://{_address.Host}:{Port}");
        }
        catch (NetMQException error)
        {
            throw new CompositionException($"tcp://{_address.Host}:{_address.Port} cannot be bound: {error.Message}");
        }
        Endpoint = $"tcp://{_address.Host}:{Port}";
    }
}
