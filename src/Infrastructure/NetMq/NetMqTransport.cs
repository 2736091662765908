using FaaS.Application.Messaging;
using FaaS.Domain;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.NetMq;

/// <summary>What a client's connection has done and is doing.</summary>
/// <param name="IsConnected">Whether both sides have proved who they are.</param>
/// <param name="Outstanding">Requests sent or waiting to be sent.</param>
/// <param name="Connections">Handshakes that succeeded since the start.</param>
/// <param name="FramesRefused">Messages of the server that were not honoured.</param>
public readonly record struct NetMqClientCounts(bool IsConnected, int Outstanding, long Connections, long FramesRefused);

/// <summary>
/// Carries requests to the process that answers a module. Requests that find no connection wait for one, until their
/// deadline; those that were sent when a connection is lost end with <see cref="ErrorCode.OutcomeUnknown"/>.
/// </summary>
public sealed class NetMqTransport : IRequestTransport, IReadiness, IHostedService, IAsyncDisposable
{
    private readonly NetMqOptions _options;
    private readonly string _place;
    private readonly ClientLoop _loop;
    private readonly OwnerThread _thread;
    private int _outstanding;
    private int _isStarted;
    private volatile bool _isClosed;

    /// <summary>Makes a transport; it connects when it is started.</summary>
    /// <param name="options">Keys and bounds.</param>
    /// <param name="module">The word of the module on the other side.</param>
    /// <param name="self">What this process is.</param>
    /// <param name="address">Where the other side is.</param>
    /// <param name="log">Takes what goes wrong.</param>
    public NetMqTransport(
        NetMqOptions options, string module, Roles self, NetMqAddress address, ILogger<NetMqTransport> log)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(address);
        _options = options;
        var endpoint = $"tcp://{address.Host}:{address.Port}";
        _place = $"The {module} at {endpoint}";
        _loop = new ClientLoop(options, new ClientIdentity(options, self), new ClientPlace(module, endpoint), log);
        _thread = new OwnerThread(_loop, $"netmq client {module}", log);
        _loop.Wake = _thread.Wake;
        if (!address.IsLoopback && !options.Curve) NetMqLog.LinkIsOpen(log, endpoint);
    }

    /// <summary>What the connection has done and is doing.</summary>
    public NetMqClientCounts Counts =>
        new(_loop.IsConnected, Volatile.Read(ref _outstanding), _loop.Connections, _loop.FramesRefused);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isStarted, 1) == 0) _thread.Start();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Leaves the connection as it is: whatever else stops may still have something to say. Disposing closes it.
    /// </summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Tells the other side that this process is about to stop, so that it stays until this one has.</summary>
    public void AnnounceLeaving() => _loop.AnnounceLeaving();

    /// <inheritdoc/>
    public ValueTask<string?> FindMissingAsync(CancellationToken cancellation) =>
        ValueTask.FromResult(_loop.IsConnected ? null : $"{_place} is not connected.");

    /// <inheritdoc/>
    public Task<Result<ReadOnlyMemory<byte>>> SendAsync(
        ContractRow row, ReadOnlyMemory<byte> body, TimeSpan deadline, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<Result<ReadOnlyMemory<byte>>>(cancellation);
        if (body.Length > Frames.MessageBytesMax) return Failed(Faults.TooLarge(body.Length));
        if (deadline <= TimeSpan.Zero) return Failed(_loop.NeverSent);
        if (Interlocked.Increment(ref _outstanding) <= _options.ClientRequestsMax)
            return SendAdmittedAsync(row, body, deadline, cancellation);
        Interlocked.Decrement(ref _outstanding);
        return Failed(new Error(ErrorCode.Unavailable, $"{_place} has too many requests outstanding; try again.", 1));
    }

    /// <summary>Ends what is outstanding, says goodbye and closes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isClosed) return;
        _isClosed = true;
        if (Volatile.Read(ref _isStarted) == 0) _loop.Close();
        await Task.Run(_thread.Dispose).ConfigureAwait(false);
        _loop.EndPosted();
    }

    private async Task<Result<ReadOnlyMemory<byte>>> SendAdmittedAsync(
        ContractRow row, ReadOnlyMemory<byte> body, TimeSpan deadline, CancellationToken cancellation)
    {
        var startedAt = NetMqTelemetry.StartTimer();
        var activity = NetMqTelemetry.StartClient(row.Name);
        Error? error = null;
        var registration = default(CancellationTokenRegistration);
        try
        {
            // Never 0 ms: the other side would refuse it as expired.
            var ms = Math.Clamp((long)Math.Ceiling(deadline.TotalMilliseconds), 1, int.MaxValue);
            var call = new PendingCall(row, body, OwnerThread.NowMs + ms, NetMqTelemetry.TraceOf(activity));
            _loop.Post(call);
            if (_isClosed) _loop.EndPosted();
            if (cancellation.CanBeCanceled) registration = cancellation.UnsafeRegister(Cancel, (call, _loop));
            var answer = await call.Answer.ConfigureAwait(false);
            error = answer.Error;
            return answer;
        }
        finally
        {
            registration.Unregister();
            Interlocked.Decrement(ref _outstanding);
            NetMqTelemetry.End(activity, error);
            NetMqTelemetry.Record("client", row.Name, error, startedAt);
        }
    }

    private static void Cancel(object? state, CancellationToken cancellation)
    {
        var (call, loop) = ((PendingCall, ClientLoop))state!;
        if (call.Cancel(cancellation)) loop.Post(call);
    }

    private static Task<Result<ReadOnlyMemory<byte>>> Failed(Error error) =>
        Task.FromResult<Result<ReadOnlyMemory<byte>>>(error);
}
