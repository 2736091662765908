namespace FaaS.Infrastructure.NetMq;

/// <summary>Puts the fragments of large bodies together, a bounded number of bodies at a time. Owned by one thread.</summary>
internal sealed class Assembler
{
    public const int PartialsMax = 16;

    private readonly Dictionary<ulong, Partial> _partials = [];

    /// <summary>Bodies begun and not ended.</summary>
    public int Count => _partials.Count;

    /// <summary>Takes a fragment.</summary>
    /// <param name="head">The fragment's head.</param>
    /// <param name="fragment">Its bytes.</param>
    /// <param name="first">The head of the body's first fragment, when the body is complete.</param>
    /// <param name="body">The whole body, when it is complete; else null.</param>
    /// <returns>Null, or why the fragment, and with it the whole message, is refused.</returns>
    public string? Add(in Head head, ReadOnlySpan<byte> fragment, out Head first, out byte[]? body)
    {
        (first, body) = (head, null);
        if ((head.Flags & FrameFlags.Continued) == 0)
        {
            if (_partials.ContainsKey(head.Correlation)) return Reasons.Duplicate;
            if (_partials.Count >= PartialsMax) return Reasons.Overloaded;
            // Bytes are taken as they come: who only announces a large body costs nothing.
            _partials.Add(head.Correlation, new Partial(head, new MemoryStream()));
        }
        if (!_partials.TryGetValue(head.Correlation, out var partial)) return Reasons.Unexpected;
        var isLast = (head.Flags & FrameFlags.More) == 0;
        var length = partial.Bytes.Length + fragment.Length;
        if (head.Total != partial.First.Total || isLast != (length == head.Total) || length > head.Total)
        {
            _partials.Remove(head.Correlation);
            return Reasons.Malformed;
        }
        partial.Bytes.Write(fragment);
        if (!isLast) return null;
        _partials.Remove(head.Correlation);
        (first, body) = (partial.First, partial.Bytes.ToArray());
        return null;
    }

    /// <summary>Forgets a body of which no more will come.</summary>
    public void Forget(ulong correlation) => _partials.Remove(correlation);

    private readonly record struct Partial(Head First, MemoryStream Bytes);
}
