using FaaS.Infrastructure.NetMq;
using NetMQ;
using NetMQ.Sockets;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>A server without the secret, which sends a client's own proof back to it as its welcome.</summary>
internal sealed class Impostor : IDisposable
{
    private readonly RouterSocket _socket = new();

    public Impostor() => Port = _socket.BindRandomPort("tcp://127.0.0.1");

    public int Port { get; }

    /// <summary>Plays one handshake, and returns what the client sent until it began another.</summary>
    public FrameKind[] ReflectOnce()
    {
        var (hello, first, _) = Receive();
        Send(hello, new Head(FrameKind.Challenge, Total: Frames.ChallengeBytes), new byte[Frames.ChallengeBytes]);
        var (proof, second, mac) = Receive();
        Send(proof, new Head(FrameKind.Welcome, 5, Total: Frames.MacBytes), mac);
        return [first, second, Receive().Kind];
    }

    public void Dispose() => _socket.Dispose();

    private (byte[] Id, FrameKind Kind, byte[] Body) Receive()
    {
        List<byte[]>? frames = [];
        if (!_socket.TryReceiveMultipartBytes(TimeSpan.FromSeconds(20), ref frames)) throw new TimeoutException("Nothing came.");
        Frames.TryDecode(frames![1], frames[2].Length, out var head).Should().BeNull();
        return (frames[0], head.Kind, frames[2]);
    }

    private void Send(byte[] id, Head head, byte[] body) => _socket.SendMultipartBytes(id, Frames.Encode(head), body);
}
