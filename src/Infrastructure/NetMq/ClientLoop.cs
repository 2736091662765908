using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using FaaS.Domain;
using Microsoft.Extensions.Logging;
using NetMQ;
using ErrorCode = FaaS.Domain.ErrorCode;

namespace FaaS.Infrastructure.NetMq;

/// <summary>Everything a client does with its socket, on the thread that owns it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Close disposes the session, on the thread that owns it.")]
internal sealed class ClientLoop(NetMqOptions options, ClientIdentity self, ClientPlace place, ILogger log) : ISocketWork
{
    private const int ReceivedInPassMax = 1_000;
    private const int SentInPassMax = 256;
    private const int RetryMs = 2;
    private const int DroppedMax = 256;

    private readonly ConcurrentQueue<PendingCall> _posts = new();
    private readonly Outbox _outbox = new();
    private readonly Dictionary<ulong, PendingCall> _sent = [];
    private readonly HashSet<PendingCall> _waiting = [];
    private readonly long _beatMs = (long)options.Heartbeat.TotalMilliseconds;
    private readonly string _name = $"The {place.Module} at {place.Endpoint}";
    private ClientSession? _session;
    private ulong _correlation;
    private int _dropped;
    private long _backoffMs = (long)options.BackoffMin.TotalMilliseconds;
    private long _connectAtMs;
    private long _givesUpAtMs;
    private long _beatAtMs = long.MaxValue;
    private long _deadlineAtMs = long.MaxValue;
    private long _passedAtMs;
    private long _connections;
    private long _framesRefused;
    private volatile bool _isConnected;
    private volatile bool _isLeaving;
    private bool _saidLeaving;

    public NetMQSocket? Socket => _session?.Socket;

    public bool HasPosts => !_posts.IsEmpty || (_isLeaving && !_saidLeaving && _isConnected);

    public long Moved { get; private set; }

    public bool IsConnected => _isConnected;

    public long Connections => Interlocked.Read(ref _connections);

    public long FramesRefused => Interlocked.Read(ref _framesRefused);

    /// <summary>Wakes the thread; set before it starts.</summary>
    public Action Wake { get; set; } = () => { };

    public Error NeverSent => new(ErrorCode.Unavailable, $"{_name} was not reached before the deadline.");

    private Error Lost => new(ErrorCode.OutcomeUnknown, $"{_name} did not answer; whether it did the work is not known.");

    /// <summary>Hands over a request; a second time when its caller has given up. On any thread.</summary>
    public void Post(PendingCall call)
    {
        _posts.Enqueue(call);
        Wake();
    }

    /// <summary>On any thread.</summary>
    public void AnnounceLeaving()
    {
        _isLeaving = true;
        Wake();
    }

    public int Pass(long nowMs)
    {
        var judges = nowMs - _passedAtMs < 2 * _beatMs;
        _passedAtMs = nowMs;
        TakePosts();
        if (_session is null && nowMs >= _connectAtMs) Connect(nowMs);
        var hasMore = Receive(nowMs);
        SayLeaving();
        var isBlocked = _isConnected && Pump(nowMs);
        if (nowMs >= _beatAtMs) Beat(nowMs, judges && !hasMore);
        if (_session is { Session: var known } && known == 0 && nowMs >= _givesUpAtMs) Lose("no handshake", nowMs);
        if (nowMs >= _deadlineAtMs) EndOverdue(nowMs);
        if (hasMore || (_isConnected && !isBlocked && _outbox.Next() is not null)) return 0;
        var next = Math.Min(_deadlineAtMs, _session is null ? _connectAtMs : _isConnected ? _beatAtMs : _givesUpAtMs);
        return (int)Math.Clamp(next - nowMs, 1, isBlocked ? RetryMs : _beatMs);
    }

    public void Close()
    {
        if (_session is { Session: var session } open && session != 0)
        {
            // Given some time to leave: it lets the other side end what runs for us.
            open.Socket.Options.Linger = TimeSpan.FromMilliseconds(100);
            open.Wire.TrySend(null, new Head(FrameKind.Goodbye, session), default);
        }
        FailSent();
        TakePosts();
        foreach (var call in _waiting) call.End(NeverSent);
        _waiting.Clear();
        _session?.Dispose();
        _session = null;
        _isConnected = false;
    }

    /// <summary>Ends what was posted after the end.</summary>
    public void EndPosted()
    {
        while (_posts.TryDequeue(out var call)) call.End(NeverSent);
    }

    private void SayLeaving()
    {
        if (!_isLeaving || _saidLeaving || !_isConnected) return;
        _saidLeaving = true;
        _outbox.Add(new Outgoing(FrameKind.Leaving, default));
    }

    private void TakePosts()
    {
        while (_posts.TryDequeue(out var call))
        {
            Moved++;
            if (call.IsEnded)
            {
                GiveUp(call);
                continue;
            }
            call.IsTaken = true;
            _waiting.Add(call);
            _outbox.Add(call);
            _deadlineAtMs = Math.Min(_deadlineAtMs, call.DeadlineAtMs);
        }
    }

    /// <summary>The caller doesn't wait any more: what isn't sent won't be, and of what is the other side is told.</summary>
    private void GiveUp(PendingCall call)
    {
        if (!call.IsTaken) return;
        call.IsDropped = true;
        _waiting.Remove(call);
        // While nothing is sent, nothing leaves the outbox by itself.
        if (!_isConnected && ++_dropped >= DroppedMax) Rewind();
        if (call.Correlation == 0) return;
        _sent.Remove(call.Correlation);
        _session?.Assembler.Forget(call.Correlation);
        if (_isConnected) _outbox.Add(new Outgoing(FrameKind.Cancel, default) { Correlation = call.Correlation });
    }

    private void Connect(long nowMs)
    {
        _saidLeaving = false;
        _session = new ClientSession(self, place.Endpoint);
        _givesUpAtMs = nowMs + (long)options.HandshakeTimeout.TotalMilliseconds;
        _session.Hello();
    }

    private bool Receive(long nowMs)
    {
        for (var at = 0; at < ReceivedInPassMax; at++)
        {
            if (_session is not { } session || !session.Wire.TryReceive(out var received)) return false;
            Moved++;
            try
            {
                Take(session, received, nowMs);
            }
            finally
            {
                session.Wire.Release();
            }
        }
        return true;
    }

    private void Take(ClientSession session, in Received received, long nowMs)
    {
        ref readonly var head = ref received.Head;
        if (received.Refusal is null && head.Kind == FrameKind.Rejected && head.Session == 0)
            TakeRefusal(ClientSession.WordOf(received.Body), nowMs);
        else if (received.Refusal is not null) CountRefused(received.Refusal);
        else if (session.Session != 0 && head.Session == session.Session) TakeInSession(session, received, nowMs);
        else if (session.Session == 0 && head.Kind == FrameKind.Challenge && session.TakeChallenge(received.Body)) return;
        else if (session.Session == 0 && head.Kind == FrameKind.Welcome) TakeWelcome(session, received, nowMs);
        else CountRefused(Reasons.Unexpected);
    }

    private void TakeWelcome(ClientSession session, in Received received, long nowMs)
    {
        if (!session.TakeWelcome(received.Head.Session, received.Body))
        {
            NetMqLog.ServerUnproven(log, place.Module, place.Endpoint);
            Lose("it could not prove itself", nowMs);
            return;
        }
        session.HeardAtMs = nowMs;
        _backoffMs = (long)options.BackoffMin.TotalMilliseconds;
        _beatAtMs = nowMs + _beatMs;
        _isConnected = true;
        Interlocked.Increment(ref _connections);
        NetMqLog.Connected(log, place.Module, place.Endpoint);
    }

    private void TakeRefusal(string reason, long nowMs)
    {
        if (!_isConnected) NetMqLog.Refused(log, place.Module, place.Endpoint, reason);
        Lose(reason, nowMs);
    }

    private void TakeInSession(ClientSession session, in Received received, long nowMs)
    {
        session.HeardAtMs = nowMs;
        session.Received++;
        ref readonly var head = ref received.Head;
        switch (head.Kind)
        {
            case FrameKind.Reply when head.Flags == FrameFlags.None:
                Answer(head.Correlation, received.Body.ToArray().AsMemory());
                break;
            case FrameKind.Reply:
                TakeFragment(session, head, received.Body);
                break;
            case FrameKind.Fault:
                Answer(head.Correlation, Faults.Decode(received.Body));
                break;
            case FrameKind.Rejected:
                Answer(head.Correlation, Faults.OfRejection(ClientSession.WordOf(received.Body), _name));
                break;
            case FrameKind.Credit:
                _outbox.Credit();
                break;
            case FrameKind.Heartbeat when Secrets.Id(received.Body) != session.ServerId:
                Lose("it is another server", nowMs);
                break;
            case FrameKind.Heartbeat when head.Correlation != session.Received - 1:
                Lose("frames were lost", nowMs);
                break;
            case FrameKind.Heartbeat:
                break;
            case FrameKind.Goodbye:
                Lose("it said goodbye", nowMs);
                break;
            default:
                CountRefused(Reasons.Unexpected);
                break;
        }
    }

    private void TakeFragment(ClientSession session, in Head head, ReadOnlySpan<byte> fragment)
    {
        if ((head.Flags & FrameFlags.More) != 0)
            _outbox.Add(new Outgoing(FrameKind.Credit, default) { Correlation = head.Correlation });
        if (!_sent.ContainsKey(head.Correlation)) return;
        var refusal = session.Assembler.Add(head, fragment, out _, out var body);
        if (refusal is not null) Answer(head.Correlation, new Error(ErrorCode.Internal, $"{_name} sent a broken answer."));
        else if (body is not null) Answer(head.Correlation, body.AsMemory());
    }

    private void Answer(ulong correlation, ReadOnlyMemory<byte> body) => Answer(correlation, (Result<ReadOnlyMemory<byte>>)body);

    private void Answer(ulong correlation, Result<ReadOnlyMemory<byte>> answer)
    {
        if (!_sent.Remove(correlation, out var call)) return;
        // A request may be refused by its first fragment: the rest is not sent then.
        call.IsDropped = true;
        _waiting.Remove(call);
        call.End(answer);
    }

    /// <summary>Sends what waits.</summary>
    /// <returns>Whether the pipe is full.</returns>
    private bool Pump(long nowMs)
    {
        for (var at = 0; at < SentInPassMax && _outbox.Next() is { } message; at++)
        {
            var session = _session!;
            var flags = Outbox.Part(message, out var part);
            if (!session.Wire.TrySend(null, HeadOf(session, message, flags, nowMs), part)) return true;
            session.Sent++;
            if (_outbox.Sent(message, part.Length) && message is PendingCall call)
            {
                call.IsSent = true;
                _waiting.Remove(call);
            }
        }
        return false;
    }

    private Head HeadOf(ClientSession session, Outgoing message, FrameFlags flags, long nowMs)
    {
        var total = (uint)message.Body.Length;
        if (message is not PendingCall call)
        {
            var correlation = message.Kind == FrameKind.Heartbeat ? session.Sent : message.Correlation;
            return new Head(message.Kind, session.Session, correlation, total);
        }
        if ((flags & FrameFlags.Continued) != 0) return new Head(FrameKind.Request, session.Session, call.Correlation, total, flags);
        // Numbered when it goes, so that the numbers rise on the wire whatever overtook what.
        if (call.Correlation == 0)
        {
            call.Correlation = ++_correlation;
            _sent.Add(call.Correlation, call);
        }
        var remaining = (uint)Math.Max(1, call.DeadlineAtMs - nowMs);
        return new Head(FrameKind.Request, session.Session, call.Correlation, total, flags, remaining, call.Row.Name, call.Trace);
    }

    private void Beat(long nowMs, bool judges)
    {
        _beatAtMs = nowMs + _beatMs;
        if (!_isConnected) return;
        if (judges && nowMs - _session!.HeardAtMs > 3 * _beatMs) Lose("it is silent", nowMs);
        else _outbox.Add(new Outgoing(FrameKind.Heartbeat, Secrets.Bytes(_session!.ServerId)));
    }

    private void EndOverdue(long nowMs)
    {
        _deadlineAtMs = long.MaxValue;
        foreach (var call in _waiting.Concat(_sent.Values).Distinct().ToArray())
        {
            if (call.DeadlineAtMs > nowMs)
            {
                _deadlineAtMs = Math.Min(_deadlineAtMs, call.DeadlineAtMs);
                continue;
            }
            call.End(call.IsSent ? Lost : NeverSent);
            GiveUp(call);
        }
    }

    /// <summary>
    /// Ends this connection for good. What the other side may have executed is unknown now; what it cannot have, since
    /// its last byte never left, waits for the next connection.
    /// </summary>
    private void Lose(string reason, long nowMs)
    {
        var wasConnected = _isConnected;
        _isConnected = false;
        _beatAtMs = long.MaxValue;
        var unknown = FailSent();
        Rewind();
        if (wasConnected) NetMqLog.ConnectionLost(log, place.Module, place.Endpoint, reason, unknown);
        _session?.Dispose();
        _session = null;
        // Many clients lose one server at the same moment; they need not come back at the same moment.
        _connectAtMs = nowMs + Random.Shared.NextInt64(_backoffMs / 2, _backoffMs + 1);
        _backoffMs = Math.Min(2 * _backoffMs, (long)options.BackoffMax.TotalMilliseconds);
    }

    private void Rewind()
    {
        _outbox.Rewind();
        _dropped = 0;
    }

    private int FailSent()
    {
        var unknown = 0;
        foreach (var call in _sent.Values.Where(call => call.IsSent))
        {
            unknown++;
            call.End(Lost);
        }
        _sent.Clear();
        return unknown;
    }

    private void CountRefused(string reason)
    {
        Interlocked.Increment(ref _framesRefused);
        NetMqTelemetry.CountRefused(reason);
    }
}
