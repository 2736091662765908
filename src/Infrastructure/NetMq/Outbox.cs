namespace FaaS.Infrastructure.NetMq;

/// <summary>A message that waits to be sent, whole or in fragments.</summary>
internal class Outgoing(FrameKind kind, ReadOnlyMemory<byte> body)
{
    public FrameKind Kind => kind;

    public ReadOnlyMemory<byte> Body => body;

    public ulong Correlation { get; set; }

    /// <summary>How much of the body is sent.</summary>
    public int Offset { get; set; }

    /// <summary>Nobody wants it any more: what is not sent will not be.</summary>
    public bool IsDropped { get; set; }

    public bool IsLarge => body.Length > Frames.WholeBytesMax;
}

/// <summary>
/// What one peer is to be sent. Small messages overtake large ones: those go in fragments, a few of them at a time and
/// in turn, and no more fragments are on their way than the peer has given credit for. Owned by one thread.
/// </summary>
internal sealed class Outbox
{
    public const int FragmentsInFlightMax = 4;

    /// <summary>Large bodies sent in turn; the receiver takes apart twice as many.</summary>
    private const int LargeInTurnMax = Assembler.PartialsMax / 2;

    /// <summary>A stream of small messages lets a fragment through after this many.</summary>
    private const int SmallInRowMax = 16;

    private readonly Queue<Outgoing> _small = new();
    private readonly Queue<Outgoing> _inTurn = new();
    private readonly Queue<Outgoing> _large = new();
    private int _inFlight;
    private int _smallInRow;

    /// <summary>What a message costs beside its body while it waits, about.</summary>
    public const int MessageBytes = 128;

    /// <summary>Bytes of what waits: a peer that reads nothing could be owed credits and heartbeats, which have no body, without end.</summary>
    public long Bytes { get; private set; }

    public void Add(Outgoing message)
    {
        Bytes += MessageBytes + message.Body.Length;
        if (!message.IsLarge) _small.Enqueue(message);
        else if (_inTurn.Count < LargeInTurnMax) _inTurn.Enqueue(message);
        else _large.Enqueue(message);
    }

    /// <summary>The message to send from now, or null when there is none that may be sent.</summary>
    public Outgoing? Next()
    {
        SkipDropped(_small);
        SkipDropped(_inTurn);
        Refill();
        var mayFragment = _inTurn.Count > 0 && _inFlight < FragmentsInFlightMax;
        if (_small.Count > 0 && !(mayFragment && _smallInRow >= SmallInRowMax)) return _small.Peek();
        return mayFragment ? _inTurn.Peek() : null;
    }

    /// <summary>The body's next part and where it stands.</summary>
    public static FrameFlags Part(Outgoing message, out ReadOnlyMemory<byte> part)
    {
        part = message.Body;
        if (!message.IsLarge) return FrameFlags.None;
        part = part[message.Offset..];
        var flags = message.Offset > 0 ? FrameFlags.Continued : FrameFlags.None;
        if (part.Length <= Frames.FragmentBytesMax) return flags;
        part = part[..Frames.FragmentBytesMax];
        return flags | FrameFlags.More;
    }

    /// <summary>A part of what <see cref="Next"/> returned is on its way.</summary>
    /// <returns>Whether it was the last one.</returns>
    public bool Sent(Outgoing message, int bytes)
    {
        Bytes -= bytes;
        message.Offset += bytes;
        if (!message.IsLarge)
        {
            Bytes -= MessageBytes;
            _smallInRow++;
            _small.Dequeue();
            return true;
        }
        _smallInRow = 0;
        _inTurn.Dequeue();
        if (message.Offset < message.Body.Length)
        {
            _inFlight++;
            _inTurn.Enqueue(message);
            return false;
        }
        Bytes -= MessageBytes;
        Refill();
        return true;
    }

    /// <summary>The peer has taken a fragment.</summary>
    public void Credit() => _inFlight = Math.Max(0, _inFlight - 1);

    /// <summary>Begins again towards a new peer: requests are kept, from their first byte; the rest was for the old one.</summary>
    public void Rewind()
    {
        Outgoing[] kept = [.. _small.Concat(_inTurn).Concat(_large)
            .Where(message => message.Kind == FrameKind.Request && !message.IsDropped)];
        _small.Clear();
        _inTurn.Clear();
        _large.Clear();
        (_inFlight, _smallInRow, Bytes) = (0, 0, 0);
        foreach (var message in kept)
        {
            (message.Offset, message.Correlation) = (0, 0);
            Add(message);
        }
    }

    private void Refill()
    {
        while (_inTurn.Count < LargeInTurnMax && _large.TryDequeue(out var message))
        {
            if (message.IsDropped) Bytes -= MessageBytes + message.Body.Length;
            else _inTurn.Enqueue(message);
        }
    }

    private void SkipDropped(Queue<Outgoing> queue)
    {
        while (queue.TryPeek(out var message) && message.IsDropped)
        {
            Bytes -= MessageBytes + message.Body.Length - message.Offset;
            queue.Dequeue();
        }
    }
}
