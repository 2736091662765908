using FaaS.Application.Messaging;

namespace FaaS.Infrastructure.NetMq;

/// <summary>A client with a session, as the server's thread sees it.</summary>
internal sealed class Peer(UInt128 id, UInt128 session, Roles role, long nowMs)
{
    public byte[] RoutingId { get; } = Secrets.Bytes(id);

    public UInt128 Id => id;

    public UInt128 Session => session;

    public Roles Role => role;

    public Outbox Outbox { get; } = new();

    public Assembler Assembler { get; } = new();

    /// <summary>Requests taken, until the last byte of their answer is handed to the socket.</summary>
    public Dictionary<ulong, ServedCall> Calls { get; } = [];

    public long HeardAtMs { get; set; } = nowMs;

    /// <summary>Frames of the session, each way, for the heartbeats to compare.</summary>
    public ulong Received { get; set; }

    public ulong Sent { get; set; }

    /// <summary>The last request's correlation; they rise, so one that doesn't is a repetition.</summary>
    public ulong Highest { get; set; }

    /// <summary>Whether it stands in the row of those that have something to be sent.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Whether it is about to stop: the server stays until it has.</summary>
    public bool IsLeaving { get; set; }

    public bool IsGone { get; set; }
}

/// <summary>Handshakes that have begun: at most so many, each for a while, each nonce for one proof.</summary>
internal sealed class HalfOpen(int max, long timeoutMs)
{
    private readonly Dictionary<UInt128, (Transcript Seen, long Until)> _begun = [];

    public int Count => _begun.Count;

    /// <summary>Remembers what was said; a second hello of the same peer replaces the first.</summary>
    /// <returns>False when there are too many.</returns>
    public bool TryBegin(in Transcript seen, long nowMs)
    {
        if (!_begun.ContainsKey(seen.Identity) && _begun.Count >= max)
        {
            Expire(nowMs);
            if (_begun.Count >= max) return false;
        }
        _begun[seen.Identity] = (seen, nowMs + timeoutMs);
        return true;
    }

    /// <summary>Takes what was said away, so that no second proof can be tried on it.</summary>
    public bool TryTake(UInt128 identity, long nowMs, out Transcript seen)
    {
        var isKnown = _begun.Remove(identity, out var begun);
        seen = begun.Seen;
        return isKnown && nowMs <= begun.Until;
    }

    public void Expire(long nowMs)
    {
        foreach (var (identity, begun) in _begun)
        {
            if (nowMs > begun.Until) _begun.Remove(identity);
        }
    }
}
