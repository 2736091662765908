using System.Runtime.InteropServices;
using NetMQ;

namespace FaaS.Infrastructure.NetMq;

/// <summary>A message as it came: who ROUTER says it is from, its head, and its body.</summary>
internal ref struct Received
{
    public ReadOnlySpan<byte> RoutingId;
    public Head Head;
    public ReadOnlySpan<byte> Body;

    /// <summary>Null, or why the message is refused; then the head may be empty.</summary>
    public string? Refusal;
}

/// <summary>Takes messages from a socket and gives messages to it. Frames beyond those of the map are read and dropped.</summary>
internal sealed class Wire(NetMQSocket socket, bool isRouter)
{
    // One socket thread uses them again and again; initialised before, closed after each message.
    private Msg _routing;
    private Msg _head;
    private Msg _body;
    private Msg _rest;

    /// <summary>Takes the next message; false when there is none. <see cref="Release"/> it before the next.</summary>
    public bool TryReceive(out Received received)
    {
        received = default;
        Init();
        if (!socket.TryReceive(ref isRouter ? ref _routing : ref _head, TimeSpan.Zero)) return Release();
        var frames = isRouter ? 0 : 1;
        if (isRouter && _routing.HasMore && socket.TryReceive(ref _head, TimeSpan.Zero)) frames++;
        if (frames == 1 && _head.HasMore && socket.TryReceive(ref _body, TimeSpan.Zero)) frames++;
        var more = frames == 2 ? _body.HasMore : frames == 1 && _head.HasMore;
        while (more && socket.TryReceive(ref _rest, TimeSpan.Zero))
        {
            more = _rest.HasMore;
            frames++;
        }
        if (isRouter) received.RoutingId = _routing.Slice();
        received.Refusal = Reasons.Malformed;
        if (frames != 2) return true;
        received.Body = _body.Slice();
        received.Refusal = Frames.TryDecode(_head.Slice(), received.Body.Length, out received.Head);
        return true;
    }

    /// <summary>Gives back the memory of the last message.</summary>
    public bool Release()
    {
        _routing.Close();
        _head.Close();
        _body.Close();
        _rest.Close();
        return false;
    }

    /// <summary>Sends a message; false when the peer's pipe is full, and then nothing of it is sent.</summary>
    /// <exception cref="HostUnreachableException">ROUTER knows no such peer.</exception>
    public bool TrySend(byte[]? routingId, in Head head, ReadOnlyMemory<byte> body)
    {
        if (routingId is not null && !TrySend(routingId, more: true)) return false;
        if (!TrySend(Frames.Encode(head), more: true)) return false;
        // Its bytes are not copied: whoever gives a body here does not write to it again.
        return MemoryMarshal.TryGetArray(body, out var segment)
            ? TrySend(segment.Array!, more: false, segment.Offset, segment.Count)
            : TrySend(body.ToArray(), more: false);
    }

    private bool TrySend(byte[] frame, bool more, int offset = 0, int? count = null)
    {
        var message = default(Msg);
        message.InitGC(frame, offset, count ?? frame.Length);
        var isSent = socket.TrySend(ref message, TimeSpan.Zero, more);
        message.Close();
        return isSent;
    }

    private void Init()
    {
        _routing.InitEmpty();
        _head.InitEmpty();
        _body.InitEmpty();
        _rest.InitEmpty();
    }
}
