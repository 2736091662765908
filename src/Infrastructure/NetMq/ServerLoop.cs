using System.Collections.Concurrent;
using System.Text;
using FaaS.Domain;
using NetMQ;
using NetMQ.Sockets;

namespace FaaS.Infrastructure.NetMq;

/// <summary>Everything a server does with its socket, on the thread that owns it.</summary>
internal sealed class ServerLoop : ISocketWork
{
    private const int ReceivedInPassMax = 1_000;
    private const int SentInTurnMax = 64;
    private const int RetryMs = 2;

    private readonly NetMqOptions _options;
    private readonly Answering _answering;
    private readonly RouterSocket _socket;
    private readonly Wire _wire;
    private readonly ConcurrentQueue<ServedCall> _answered = new();
    private readonly Queue<Peer> _ready = new();
    private readonly long _beatMs;
    private long _beatAtMs;
    private long _deadlineAtMs = long.MaxValue;
    private long _passedAtMs;
    private volatile bool _isStopping;
    private volatile bool _saysGoodbye;

    public ServerLoop(NetMqOptions options, Answering answering, ServerState state, RouterSocket socket)
    {
        _options = options;
        _answering = answering;
        State = state;
        _socket = socket;
        _wire = new Wire(socket, isRouter: true);
        _beatMs = (long)options.Heartbeat.TotalMilliseconds;
    }

    public ServerState State { get; }

    public NetMQSocket? Socket => _socket;

    public bool HasPosts => !_answered.IsEmpty;

    public long Moved { get; private set; }

    /// <summary>Wakes the thread; set before it starts.</summary>
    public Action Wake { get; set; } = () => { };

    /// <summary>Whether everything that was taken is answered, and every answer handed to the socket.</summary>
    public bool IsIdle => State.Counts.Outstanding == 0;

    public void RefuseRequests() => _isStopping = true;

    public void SayGoodbye() => _saysGoodbye = true;

    public int Pass(long nowMs)
    {
        // After a pause of the whole process what came meanwhile is read first, and nobody is blamed for it.
        var judges = nowMs - _passedAtMs < 2 * _beatMs;
        _passedAtMs = nowMs;
        var hasMore = Receive(nowMs);
        TakeAnswers();
        var isBlocked = Pump();
        if (nowMs >= _beatAtMs) Beat(nowMs, judges && !hasMore);
        if (nowMs >= _deadlineAtMs) EndOverdue(nowMs);
        if (hasMore) return 0;
        var wait = Math.Max(1, Math.Min(_beatAtMs, _deadlineAtMs) - nowMs);
        return (int)Math.Min(isBlocked ? RetryMs : wait, _ready.Count > 0 && !isBlocked ? 0 : wait);
    }

    public void Close()
    {
        if (_saysGoodbye)
        {
            foreach (var peer in State.Peers)
                Send(peer.RoutingId, new Head(FrameKind.Goodbye, peer.Session), default);
        }
        foreach (var peer in State.Peers.ToArray()) State.Drop(peer, "the server stops");
        _socket.Dispose();
    }

    private bool Receive(long nowMs)
    {
        for (var at = 0; at < ReceivedInPassMax; at++)
        {
            if (!_wire.TryReceive(out var received)) return false;
            Moved++;
            try
            {
                Take(received, nowMs);
            }
            finally
            {
                _wire.Release();
            }
        }
        return true;
    }

    private void Take(in Received received, long nowMs)
    {
        var routing = received.RoutingId.ToArray();
        if (received.Refusal is { } refusal || routing.Length != Frames.IdBytes)
        {
            Refuse(routing, received.Refusal ?? Reasons.Handshake);
            return;
        }
        var id = Secrets.Id(routing);
        if (received.Head.Kind == FrameKind.Hello) Hello(id, routing, received.Body, nowMs);
        else if (received.Head.Kind == FrameKind.Proof) Proof(id, routing, received.Body, nowMs);
        else if (received.Head.Session == 0) Refuse(routing, Reasons.Unexpected, received.Head);
        else if (State.Find(id) is { } peer && peer.Session == received.Head.Session) TakeFrom(peer, received, nowMs);
        else Refuse(routing, Reasons.UnknownSession, received.Head);
    }

    private void Hello(UInt128 id, byte[] routing, ReadOnlySpan<byte> body, long nowMs)
    {
        var refusal = State.Hello(id, body, nowMs, out var challenge);
        if (refusal is null) Send(routing, new Head(FrameKind.Challenge, Total: (uint)challenge.Length), challenge);
        else Reject(routing, 0, 0, refusal);
    }

    private void Proof(UInt128 id, byte[] routing, ReadOnlySpan<byte> body, long nowMs)
    {
        var refusal = State.Proof(id, body, nowMs, out var peer, out var welcome);
        if (peer is not null) Send(routing, new Head(FrameKind.Welcome, peer.Session, Total: (uint)welcome.Length), welcome);
        else Reject(routing, 0, 0, refusal!);
    }

    private void TakeFrom(Peer peer, in Received received, long nowMs)
    {
        peer.HeardAtMs = nowMs;
        peer.Received++;
        ref readonly var head = ref received.Head;
        switch (head.Kind)
        {
            case FrameKind.Request when head.Flags == FrameFlags.None:
                Begin(peer, head, received.Body.ToArray(), nowMs);
                break;
            case FrameKind.Request:
                TakeFragment(peer, head, received.Body, nowMs);
                break;
            case FrameKind.Cancel:
                peer.Assembler.Forget(head.Correlation);
                if (peer.Calls.TryGetValue(head.Correlation, out var call)) call.Cancel();
                break;
            case FrameKind.Credit:
                peer.Outbox.Credit();
                Queue(peer);
                break;
            case FrameKind.Heartbeat:
                TakeHeartbeat(peer, received);
                break;
            case FrameKind.Leaving:
                State.Leaves(peer);
                break;
            case FrameKind.Goodbye:
                State.Drop(peer, "it said goodbye");
                break;
            default:
                State.CountRefused(Reasons.Unexpected);
                break;
        }
    }

    private void TakeHeartbeat(Peer peer, in Received received)
    {
        var isRight = Secrets.Id(received.Body) == State.ServerId;
        if (isRight && received.Head.Correlation == peer.Received - 1) return;
        State.Drop(peer, isRight ? "frames were lost" : "it means another server");
        Refuse(peer.RoutingId, isRight ? Reasons.FramesLost : Reasons.UnknownSession);
    }

    private void TakeFragment(Peer peer, in Head head, ReadOnlySpan<byte> fragment, long nowMs)
    {
        if ((head.Flags & FrameFlags.More) != 0) Post(peer, new Outgoing(FrameKind.Credit, default) { Correlation = head.Correlation });
        if ((head.Flags & FrameFlags.Continued) == 0 && State.Admit(peer, head, _isStopping) is { } reason)
        {
            Reject(peer, head.Correlation, reason);
            return;
        }
        var refusal = peer.Assembler.Add(head, fragment, out var first, out var body);
        // The rest of a message whose beginning was refused, or which was cancelled, is nothing new.
        if (refusal is not null && refusal != Reasons.Unexpected) Reject(peer, head.Correlation, refusal);
        else if (body is not null) Run(peer, first, body, nowMs);
    }

    private void Begin(Peer peer, in Head head, byte[] body, long nowMs)
    {
        if (State.Admit(peer, head, _isStopping) is { } reason) Reject(peer, head.Correlation, reason);
        else Run(peer, head, body, nowMs);
    }

    private void Run(Peer peer, in Head head, byte[] body, long nowMs)
    {
        var call = new ServedCall(_answering, OnAnswered, peer, head, body, nowMs + head.RemainingMs);
        _deadlineAtMs = Math.Min(_deadlineAtMs, call.DeadlineAtMs);
        State.Began(call);
        ThreadPool.UnsafeQueueUserWorkItem(call, preferLocal: false);
    }

    /// <summary>On any thread.</summary>
    private void OnAnswered(ServedCall call)
    {
        _answered.Enqueue(call);
        Wake();
    }

    private void TakeAnswers()
    {
        while (_answered.TryDequeue(out var call))
        {
            Moved++;
            if (call.Peer.IsGone) continue;
            if (call.IsCancelled)
            {
                State.Ended(call);
                continue;
            }
            var answer = call.Answer;
            var message = answer.IsOk
                ? new OutgoingAnswer(call, FrameKind.Reply, answer.Value)
                : new OutgoingAnswer(call, FrameKind.Fault, Faults.Encode(answer.Error));
            message.Correlation = call.Correlation;
            Post(call.Peer, message);
        }
    }

    private void Post(Peer peer, Outgoing message)
    {
        peer.Outbox.Add(message);
        if (peer.Outbox.Bytes > _options.PeerBytesMax) State.Drop(peer, "it does not take what it is sent");
        else Queue(peer);
    }

    private void Queue(Peer peer)
    {
        if (peer.IsQueued) return;
        peer.IsQueued = true;
        _ready.Enqueue(peer);
    }

    /// <summary>Sends to everybody who has something, in turn.</summary>
    /// <returns>Whether some peer's pipe is full.</returns>
    private bool Pump()
    {
        var isBlocked = false;
        for (var turns = _ready.Count; turns > 0; turns--)
        {
            var peer = _ready.Dequeue();
            peer.IsQueued = false;
            if (peer.IsGone) continue;
            for (var sent = 0; sent < SentInTurnMax && peer.Outbox.Next() is { } message; sent++)
            {
                if (SendNext(peer, message)) continue;
                isBlocked |= !peer.IsGone;
                break;
            }
            if (!peer.IsGone && peer.Outbox.Next() is not null) Queue(peer);
        }
        return isBlocked;
    }

    private bool SendNext(Peer peer, Outgoing message)
    {
        var flags = Outbox.Part(message, out var part);
        var correlation = message.Kind == FrameKind.Heartbeat ? peer.Sent : message.Correlation;
        var head = new Head(message.Kind, peer.Session, correlation, (uint)message.Body.Length, flags);
        try
        {
            if (!_wire.TrySend(peer.RoutingId, head, part)) return false;
        }
        catch (HostUnreachableException)
        {
            State.CountUnreachable();
            State.Drop(peer, "its connection is closed");
            return false;
        }
        peer.Sent++;
        if (peer.Outbox.Sent(message, part.Length) && message is OutgoingAnswer answer) State.Ended(answer.Call);
        return true;
    }

    private void Beat(long nowMs, bool judges)
    {
        _beatAtMs = nowMs + _beatMs;
        State.ExpireHandshakes(nowMs);
        foreach (var peer in State.Peers.ToArray())
        {
            if (judges && nowMs - peer.HeardAtMs > 3 * _beatMs) State.Drop(peer, "it is silent");
            else Post(peer, new Outgoing(FrameKind.Heartbeat, Secrets.Bytes(State.ServerId)));
        }
    }

    private void EndOverdue(long nowMs)
    {
        _deadlineAtMs = long.MaxValue;
        foreach (var call in State.Peers.SelectMany(peer => peer.Calls.Values))
        {
            if (call.IsCancelled) continue;
            if (call.DeadlineAtMs <= nowMs) call.Cancel();
            else _deadlineAtMs = Math.Min(_deadlineAtMs, call.DeadlineAtMs);
        }
    }

    private void Reject(Peer peer, ulong correlation, string reason)
    {
        State.CountRefused(reason);
        Post(peer, new Outgoing(FrameKind.Rejected, Encoding.ASCII.GetBytes(reason)) { Correlation = correlation });
    }

    private void Refuse(byte[] routing, string reason, in Head head = default)
    {
        State.CountRefused(reason);
        // Two peers that refuse each other's refusals would never end.
        if (head.Kind != FrameKind.Rejected) Reject(routing, 0, head.Correlation, reason);
    }

    private void Reject(byte[] routing, UInt128 session, ulong correlation, string reason)
    {
        var body = Encoding.ASCII.GetBytes(reason);
        Send(routing, new Head(FrameKind.Rejected, session, correlation, (uint)body.Length), body);
    }

    /// <summary>Outside of a session, a message that cannot go at once does not go.</summary>
    private void Send(byte[] routing, in Head head, ReadOnlyMemory<byte> body)
    {
        try
        {
            _wire.TrySend(routing, head, body);
        }
        catch (HostUnreachableException)
        {
            State.CountUnreachable();
        }
    }
}
