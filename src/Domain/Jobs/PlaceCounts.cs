namespace FaaS.Domain.Jobs;

/// <summary>
/// How many of a function's ready jobs stand in each stretch of 128 ordinals. Kept only while jobs that were taken out
/// of the middle have left gaps, so that whoever only comes in at the end and goes out at the head pays nothing for it:
/// about 0.03 bytes a job, and one addition for each that comes or goes.
/// </summary>
internal sealed class PlaceCounts
{
    private const int Bits = 7;

    private int[] _counts;
    private int _first;

    /// <summary>Of a backlog without gaps.</summary>
    /// <param name="head">The first job's ordinal.</param>
    /// <param name="tail">The last one's.</param>
    public PlaceCounts(int head, int tail)
    {
        _first = StretchOf(head);
        var stretches = StretchOf(tail) - _first + 1;
        _counts = new int[stretches + (stretches / 4) + 4];
        Array.Fill(_counts, 1 << Bits, 0, stretches);
        _counts[0] -= head - (_first << Bits);
        _counts[stretches - 1] -= ((StretchOf(tail) + 1) << Bits) - 1 - tail;
    }

    /// <summary>Jobs of one stretch stand next to each other.</summary>
    public static int StretchOf(int ordinal) => ordinal >> Bits;

    public void Add(int ordinal)
    {
        var at = StretchOf(ordinal) - _first;
        if ((uint)at >= (uint)_counts.Length) at = MakeRoom(at);
        _counts[at]++;
    }

    public void Remove(int ordinal) => _counts[StretchOf(ordinal) - _first]--;

    /// <summary>Jobs in the stretches from the head's up to that of a job, that one's left out.</summary>
    public int CountBefore(int head, int ordinal)
    {
        var count = 0;
        foreach (var jobs in _counts.AsSpan(StretchOf(head) - _first, StretchOf(ordinal) - StretchOf(head))) count += jobs;
        return count;
    }

    /// <summary>Makes room for a stretch before the first or behind the last; gives its place.</summary>
    private int MakeRoom(int at)
    {
        var free = _counts.AsSpan().IndexOfAnyExcept(0);
        var old = _counts;
        // What the head has left behind is used again before more is taken.
        var from = at < 0 || free < old.Length / 2 ? 0 : free;
        var to = at < 0 ? (old.Length / 2) - at : 0;
        if (from == 0) _counts = new int[Math.Max(at + 1, old.Length * 2) + to];
        var kept = old.AsSpan(from);
        kept.CopyTo(_counts.AsSpan(to));
        if (from > 0) _counts.AsSpan(kept.Length).Clear();
        _first += from - to;
        return at - from + to;
    }
}
