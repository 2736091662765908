using FaaS.Application.Messaging;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.NetMq;

/// <summary>What a server has done and is doing.</summary>
/// <param name="Peers">Peers with a session.</param>
/// <param name="HalfOpen">Handshakes begun and not ended.</param>
/// <param name="Outstanding">Requests taken and not answered.</param>
/// <param name="Requests">Requests taken since the start.</param>
/// <param name="FramesRefused">Messages that were not honoured.</param>
/// <param name="HandshakesRefused">Handshakes that were refused.</param>
/// <param name="Unreachable">Messages that found no peer.</param>
public readonly record struct NetMqServerCounts(
    int Peers, int HalfOpen, int Outstanding, long Requests, long FramesRefused, long HandshakesRefused, long Unreachable);

/// <summary>Who has a session, and what runs for them. Owned by the server's thread; the counts may be read by anybody.</summary>
internal sealed class ServerState(NetMqOptions options, RoleKeys keys, ILogger log)
{
    private readonly Dictionary<UInt128, Peer> _peers = [];
    private readonly HalfOpen _halfOpen = new(options.HandshakesMax, (long)options.HandshakeTimeout.TotalMilliseconds);
    private int _peerCount;
    private int _halfOpenCount;
    private int _leaving;
    private int _outstanding;
    private long _requests;
    private long _framesRefused;
    private long _handshakesRefused;
    private long _unreachable;

    public UInt128 ServerId { get; } = Secrets.NewId();

    public IReadOnlyCollection<Peer> Peers => _peers.Values;

    public int Outstanding => _outstanding;

    public NetMqServerCounts Counts => new(
        Volatile.Read(ref _peerCount), Volatile.Read(ref _halfOpenCount), Volatile.Read(ref _outstanding),
        Interlocked.Read(ref _requests), Interlocked.Read(ref _framesRefused), Interlocked.Read(ref _handshakesRefused),
        Interlocked.Read(ref _unreachable));

    /// <summary>Peers that are about to stop and still need answers. Anybody may read it.</summary>
    public int Leaving => Volatile.Read(ref _leaving);

    public void Leaves(Peer peer)
    {
        if (peer.IsLeaving) return;
        peer.IsLeaving = true;
        Interlocked.Increment(ref _leaving);
    }

    public Peer? Find(UInt128 id) => _peers.GetValueOrDefault(id);

    /// <summary>Takes a hello.</summary>
    /// <returns>Null and what to answer, or why it is refused.</returns>
    public string? Hello(UInt128 id, ReadOnlySpan<byte> body, long nowMs, out byte[] challenge)
    {
        challenge = [];
        var role = (Roles)body[0];
        // Whoever claims an identity other than the one ROUTER knows it by is not the one it claims to be.
        if (keys.Find(role) is null || Secrets.Id(body[^Frames.IdBytes..]) != id) return RefuseHandshake(Reasons.Handshake);
        var seen = new Transcript(role, ServerId, body.Slice(1, Frames.NonceBytes).ToArray(), Secrets.NewNonce(), id);
        if (!_halfOpen.TryBegin(seen, nowMs)) return RefuseHandshake(Reasons.Overloaded);
        _halfOpenCount = _halfOpen.Count;
        challenge = [.. Secrets.Bytes(ServerId), .. seen.ServerNonce];
        return null;
    }

    /// <summary>Takes a proof.</summary>
    /// <returns>Null, the peer and what to answer; or why it is refused.</returns>
    public string? Proof(UInt128 id, ReadOnlySpan<byte> proof, long nowMs, out Peer? peer, out byte[] welcome)
    {
        (peer, welcome) = (null, []);
        var isKnown = _halfOpen.TryTake(id, nowMs, out var seen);
        _halfOpenCount = _halfOpen.Count;
        if (!isKnown) return RefuseHandshake(Reasons.Handshake);
        var key = keys.Find(seen.Role)!;
        if (!Secrets.AreSame(seen.Proof(key), proof)) return RefuseHandshake(Reasons.Handshake);
        if (_peers.TryGetValue(id, out var old)) Drop(old, "it came again");
        if (_peers.Count >= options.SessionsMax) return RefuseHandshake(Reasons.Overloaded);
        peer = new Peer(id, Secrets.NewId(), seen.Role, nowMs);
        _peers.Add(id, peer);
        _peerCount = _peers.Count;
        NetMqTelemetry.Peers.Add(1);
        NetMqLog.PeerCame(log, peer.Role);
        welcome = seen.Welcome(key, peer.Session);
        return null;
    }

    /// <summary>Why a request may not run, or null when it may.</summary>
    public string? Admit(Peer peer, in Head head, bool isStopping)
    {
        if (head.Correlation <= peer.Highest) return Reasons.Duplicate;
        peer.Highest = head.Correlation;
        if (isStopping) return Reasons.ShuttingDown;
        if (head.RemainingMs == 0) return Reasons.Expired;
        return peer.Calls.Count >= options.PeerRequestsMax || _outstanding >= options.RequestsMax ? Reasons.Overloaded : null;
    }

    public void Began(ServedCall call)
    {
        call.Peer.Calls.Add(call.Correlation, call);
        _outstanding++;
        Interlocked.Increment(ref _requests);
        NetMqTelemetry.Outstanding.Add(1);
    }

    public void Ended(ServedCall call)
    {
        if (!call.Peer.Calls.Remove(call.Correlation)) return;
        _outstanding--;
        NetMqTelemetry.Outstanding.Add(-1);
    }

    /// <summary>Ends a session and everything that runs for it.</summary>
    public void Drop(Peer peer, string reason)
    {
        if (peer.IsGone) return;
        peer.IsGone = true;
        if (peer.IsLeaving) Interlocked.Decrement(ref _leaving);
        _peers.Remove(peer.Id);
        _peerCount = _peers.Count;
        NetMqTelemetry.Peers.Add(-1);
        NetMqLog.PeerGone(log, peer.Role, reason, peer.Calls.Count);
        foreach (var call in peer.Calls.Values) call.Cancel();
        _outstanding -= peer.Calls.Count;
        NetMqTelemetry.Outstanding.Add(-peer.Calls.Count);
        peer.Calls.Clear();
    }

    public void ExpireHandshakes(long nowMs)
    {
        _halfOpen.Expire(nowMs);
        _halfOpenCount = _halfOpen.Count;
    }

    public void CountRefused(string reason)
    {
        Interlocked.Increment(ref _framesRefused);
        NetMqTelemetry.CountRefused(reason);
    }

    public void CountUnreachable() => Interlocked.Increment(ref _unreachable);

    private string RefuseHandshake(string reason)
    {
        Interlocked.Increment(ref _handshakesRefused);
        NetMqTelemetry.CountRefusedHandshake(reason);
        NetMqLog.HandshakeRefused(log, reason);
        return reason;
    }
}
