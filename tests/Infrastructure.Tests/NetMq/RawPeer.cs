using System.Diagnostics;
using System.Text;
using FaaS.Application.Messaging;
using FaaS.Infrastructure.NetMq;
using NetMQ;
using NetMQ.Sockets;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>A peer that says whatever a test makes it say, frame by frame.</summary>
internal sealed class RawPeer : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private readonly DealerSocket _socket = new();
    private readonly byte[] _nonce = Secrets.NewNonce();

    public RawPeer(string endpoint, byte[]? identity = null, bool isAnonymous = false)
    {
        Identity = identity ?? Secrets.Bytes(Secrets.NewId());
        if (!isAnonymous) _socket.Options.Identity = Identity;
        _socket.Options.Linger = TimeSpan.Zero;
        _socket.Connect(endpoint);
    }

    public byte[] Identity { get; }

    public UInt128 Session { get; set; }

    public byte[] ServerId { get; private set; } = [];

    public byte[] LastProof { get; private set; } = [];

    public void Send(params byte[][] frames) => _socket.SendMultipartBytes(frames);

    public void Send(Head head, byte[]? body = null)
    {
        body ??= [];
        Send(Frames.Encode(head.Flags == FrameFlags.None ? head with { Total = (uint)body.Length } : head), body);
    }

    public void Request(string row, ulong correlation, string body, uint remainingMs = 20_000) => Send(
        new Head(FrameKind.Request, Session, correlation, RemainingMs: remainingMs, Name: row), Encoding.UTF8.GetBytes(body));

    /// <summary>The next message that isn't a heartbeat.</summary>
    public (Head Head, byte[] Body) Receive()
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < Bound)
        {
            List<byte[]>? frames = [];
            if (!_socket.TryReceiveMultipartBytes(TimeSpan.FromMilliseconds(100), ref frames) || frames is null) continue;
            Frames.TryDecode(frames[0], frames[1].Length, out var head).Should().BeNull();
            if (head.Kind != FrameKind.Heartbeat) return (head, frames[1]);
        }
        throw new TimeoutException("Nothing came.");
    }

    public string ReceiveRejection()
    {
        var (head, body) = Receive();
        head.Kind.Should().Be(FrameKind.Rejected);
        return Encoding.ASCII.GetString(body);
    }

    public void Hello(Roles role, byte[]? identity = null, byte[]? nonce = null) =>
        Send(new Head(FrameKind.Hello), [(byte)role, .. (nonce ?? _nonce), .. (identity ?? Identity)]);

    public void Prove(byte[] key, Roles role, byte[] challenge, byte[]? nonce = null)
    {
        ServerId = challenge[..16];
        var seen = new Transcript(role, Secrets.Id(ServerId), nonce ?? _nonce, challenge[16..], Secrets.Id(Identity));
        LastProof = seen.Proof(key);
        Send(new Head(FrameKind.Proof), LastProof);
    }

    public RawPeer Join(byte[] key, Roles role)
    {
        Hello(role);
        var (challenge, body) = Receive();
        challenge.Kind.Should().Be(FrameKind.Challenge);
        Prove(key, role, body);
        var (welcome, _) = Receive();
        welcome.Kind.Should().Be(FrameKind.Welcome);
        Session = welcome.Session;
        return this;
    }

    public void Dispose() => _socket.Dispose();
}
