using System.Text;
using FaaS.Application.Messaging;
using NetMQ;
using NetMQ.Sockets;

namespace FaaS.Infrastructure.NetMq;

/// <summary>What a client is, and how it proves it.</summary>
internal sealed class ClientIdentity(NetMqOptions options, Roles self)
{
    public Roles Role => self;

    public byte[] Key { get; } = options.KeysOf(self).Find(self)
        ?? throw new CompositionException($"There is no key of the role {self}.");

    public byte[]? ServerKey { get; } = options.Curve ? options.ServerKey() : null;
}

/// <summary>Whom a client talks to, for people.</summary>
internal sealed record ClientPlace(string Module, string Endpoint);

/// <summary>
/// One connection: a socket with an identity of its own, its handshake and its counts. It is never used for a second
/// server: a DEALER keeps what it could not deliver, and would deliver it to the next one.
/// </summary>
internal sealed class ClientSession : IDisposable
{
    private const int ReconnectMs = 50;

    private readonly ClientIdentity _self;
    private readonly DealerSocket _socket;
    private readonly UInt128 _id = Secrets.NewId();
    private readonly byte[] _nonce = Secrets.NewNonce();
    private Transcript? _seen;

    public ClientSession(ClientIdentity self, string endpoint)
    {
        _self = self;
        _socket = new DealerSocket();
        _socket.Options.Identity = Secrets.Bytes(_id);
        _socket.Options.Linger = TimeSpan.Zero;
        _socket.Options.MaxMsgSize = Frames.WholeBytesMax;
        _socket.Options.ReconnectInterval = TimeSpan.FromMilliseconds(ReconnectMs);
        if (self.ServerKey is { } key)
        {
            _socket.Options.CurveServerKey = key;
            _socket.Options.CurveCertificate = new NetMQCertificate();
        }
        _socket.Connect(endpoint);
        Wire = new Wire(_socket, isRouter: false);
    }

    public NetMQSocket Socket => _socket;

    public Wire Wire { get; }

    public Assembler Assembler { get; } = new();

    /// <summary>The session, once both sides have proved who they are; else 0.</summary>
    public UInt128 Session { get; private set; }

    public UInt128 ServerId => _seen!.Value.ServerId;

    public long HeardAtMs { get; set; }

    public ulong Received { get; set; }

    public ulong Sent { get; set; }

    public void Hello()
    {
        byte[] body = [(byte)_self.Role, .. _nonce, .. Secrets.Bytes(_id)];
        Wire.TrySend(null, new Head(FrameKind.Hello, Total: (uint)body.Length), body);
    }

    /// <summary>Answers the first challenge; a second one is not part of the game.</summary>
    public bool TakeChallenge(ReadOnlySpan<byte> body)
    {
        if (_seen is not null) return false;
        var seen = new Transcript(
            _self.Role, Secrets.Id(body), _nonce, body[Frames.IdBytes..].ToArray(), _id);
        _seen = seen;
        var proof = seen.Proof(_self.Key);
        return Wire.TrySend(null, new Head(FrameKind.Proof, Total: (uint)proof.Length), proof);
    }

    /// <summary>Whether the server proved that it knows the key too.</summary>
    public bool TakeWelcome(UInt128 session, ReadOnlySpan<byte> mac)
    {
        if (_seen is not { } seen || Session != 0 || !Secrets.AreSame(seen.Welcome(_self.Key, session), mac)) return false;
        Session = session;
        return true;
    }

    /// <summary>The word of a rejection, made fit for a log.</summary>
    public static string WordOf(ReadOnlySpan<byte> body) =>
        body.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E) ? Reasons.Malformed : Encoding.ASCII.GetString(body);

    public void Dispose() => _socket.Dispose();
}
