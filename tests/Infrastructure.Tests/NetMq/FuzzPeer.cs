using System.Text;
using FaaS.Application.Messaging;
using FaaS.Infrastructure.NetMq;
using NetMQ;
using NetMQ.Sockets;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>
/// One who speaks to a server frame by frame and remembers what came, without ever waiting. What it knows decides what it can
/// prove: without a key it can only guess, repeat and reflect.
/// </summary>
internal sealed class FuzzPeer : IDisposable
{
    private readonly DealerSocket _socket = new();
    private readonly byte[] _nonce = Secrets.NewNonce();
    private byte[]? _challenge;
    private Roles _helloRole;

    public FuzzPeer(string endpoint, byte[]? key, Roles role)
    {
        (Key, Role) = (key, role);
        _socket.Options.Identity = Secrets.Bytes(Id);
        _socket.Options.Linger = TimeSpan.Zero;
        _socket.Connect(endpoint);
    }

    public UInt128 Id { get; } = Secrets.NewId();

    public byte[]? Key { get; }

    public Roles Role { get; }

    /// <summary>The last session a server gave it.</summary>
    public UInt128 Session { get; private set; }

    public byte[] ServerId { get; private set; } = new byte[Frames.IdBytes];

    public byte[] LastProof { get; private set; } = new byte[Frames.MacBytes];

    public ulong Sent { get; private set; }

    public ulong Correlation { get; set; }

    /// <summary>Whether it reads nothing of what it is sent.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>The last message that came, to be sent back.</summary>
    public byte[][]? Last { get; private set; }

    public Queue<(Head Head, byte[] Body)> Answers { get; } = new();

    public void Send(params byte[][] frames)
    {
        _socket.TrySendMultipartBytes(TimeSpan.Zero, frames);
        Sent++;
    }

    public void Send(in Head head, params byte[] body) =>
        Send(Frames.Encode(head.Flags == FrameFlags.None ? head with { Total = (uint)body.Length } : head), body);

    public void Hello(Roles role, UInt128 identity)
    {
        _helloRole = role;
        Send(new Head(FrameKind.Hello), [(byte)role, .. _nonce, .. Secrets.Bytes(identity)]);
    }

    /// <summary>A proof with its own key, or with one it makes up.</summary>
    public void Prove()
    {
        var challenge = _challenge ?? new byte[Frames.ChallengeBytes];
        var seen = new Transcript(_helloRole, Secrets.Id(challenge), _nonce, challenge[Frames.IdBytes..], Id);
        LastProof = seen.Proof(Key ?? new byte[32]);
        Send(new Head(FrameKind.Proof), LastProof);
    }

    public void Request(string row, ulong correlation, string body, UInt128 session, uint remainingMs) => Send(
        new Head(FrameKind.Request, session, correlation, RemainingMs: remainingMs, Name: row), Encoding.UTF8.GetBytes(body));

    public void Heartbeat(ulong wrong = 0) => Send(new Head(FrameKind.Heartbeat, Session, Sent + wrong), ServerId);

    /// <summary>Takes what has come.</summary>
    public void Listen()
    {
        List<byte[]>? frames = [];
        while (_socket.TryReceiveMultipartBytes(TimeSpan.Zero, ref frames))
        {
            Last = [.. frames!];
            Last.Should().HaveCount(2);
            Frames.TryDecode(Last[0], Last[1].Length, out var head).Should().BeNull("a server sends nothing else");
            Take(head, Last[1]);
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Take(in Head head, byte[] body)
    {
        switch (head.Kind)
        {
            case FrameKind.Challenge:
                (_challenge, ServerId) = (body, body[..Frames.IdBytes]);
                break;
            case FrameKind.Welcome:
                // Frames of a session are counted from its beginning.
                (Session, Sent) = (head.Session, 0);
                break;
            case FrameKind.Reply or FrameKind.Fault or FrameKind.Rejected:
                Answers.Enqueue((head, body));
                break;
        }
    }
}
