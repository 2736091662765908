namespace FaaS.Domain.Jobs;

/// <summary>
/// Instants at which something is due for jobs, earliest first. Entries of jobs that moved on stay until they surface
/// or until they are the majority, so that cancelling is free and memory stays in proportion.
/// </summary>
/// <param name="isCurrent">Whether an entry still means something.</param>
internal sealed class DeadlineHeap(Func<int, long, long, bool> isCurrent)
{
    private readonly PriorityQueue<Entry, (long AtMs, long Sequence)> _heap = new();
    private int _stale;

    public void Add(long atMs, int slot, long sequence) => _heap.Enqueue(new(atMs, slot, sequence), (atMs, sequence));

    /// <summary>One entry has lost its meaning.</summary>
    public void Forget()
    {
        if (++_stale < 1024 || _stale * 2 < _heap.Count) return;
        // A job that left and came back with the same instant has two equal entries; one is enough.
        var current = _heap.UnorderedItems.Select(item => item.Element)
            .Where(entry => isCurrent(entry.Slot, entry.Sequence, entry.AtMs)).Distinct().ToArray();
        _heap.Clear();
        _heap.EnqueueRange(current.Select(entry => (entry, (entry.AtMs, entry.Sequence))));
        _stale = 0;
    }

    /// <summary>Takes the next slot whose instant has come, if there is one.</summary>
    public bool TryTake(long nowMs, out int slot)
    {
        while (_heap.TryPeek(out var entry, out _) && entry.AtMs <= nowMs)
        {
            _heap.Dequeue();
            slot = entry.Slot;
            if (isCurrent(entry.Slot, entry.Sequence, entry.AtMs)) return true;
            _stale = Math.Max(0, _stale - 1);
        }
        slot = -1;
        return false;
    }

    private readonly record struct Entry(long AtMs, int Slot, long Sequence);
}
