namespace FaaS.Domain.Jobs;

/// <summary>Where a job stands inside the queue. <c>Job.cs</c> has the diagram.</summary>
internal enum JobPhase : byte
{
    Free,
    Submitting,
    Delayed,
    Ready,
    Leased,
    Cancelling,
    Ending,
}

/// <summary>
/// Holds a million jobs in about 90 bytes each: structs in chunks that never move, found by id through an
/// open-addressing index of slot numbers. Nothing here is ever enumerated in hash order.
/// </summary>
internal sealed class JobTable
{
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly List<Job[]> _chunks = [];
    private int[] _index = new int[1024];
    private int _firstFree = -1;
    private int _used;

    /// <summary>Jobs in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Slots ever handed out: a bound for walking over all of them.</summary>
    public int SlotCount => _used;

    /// <summary>The job in a slot. The reference stays valid until the slot is released.</summary>
    public ref Job this[int slot] => ref _chunks[slot >> ChunkBits][slot & (ChunkSize - 1)];

    /// <summary>The slot of a job, or -1.</summary>
    public int Find(JobId id)
    {
        var mask = _index.Length - 1;
        for (var at = id.GetHashCode() & mask; ; at = (at + 1) & mask)
        {
            var slot = _index[at] - 1;
            if (slot < 0) return -1;
            if (this[slot].Id == id) return slot;
        }
    }

    /// <summary>Takes a slot for a job that is not in the table.</summary>
    public int Add(JobId id)
    {
        if (Count * 3 >= _index.Length * 2) Grow();
        var slot = TakeSlot();
        ref var job = ref this[slot];
        job = default;
        job.Id = id;
        job.Next = job.Previous = -1;
        InsertIndex(slot);
        Count++;
        return slot;
    }

    /// <summary>Gives a job's slot back.</summary>
    public void Release(int slot)
    {
        ref var job = ref this[slot];
        RemoveIndex(job.Id);
        job = default;
        job.Next = _firstFree;
        _firstFree = slot;
        Count--;
    }

    private int TakeSlot()
    {
        if (_firstFree >= 0)
        {
            var slot = _firstFree;
            _firstFree = this[slot].Next;
            return slot;
        }
        if (_used >> ChunkBits == _chunks.Count) _chunks.Add(new Job[ChunkSize]);
        return _used++;
    }

    private void InsertIndex(int slot)
    {
        var mask = _index.Length - 1;
        var at = this[slot].Id.GetHashCode() & mask;
        while (_index[at] != 0) at = (at + 1) & mask;
        _index[at] = slot + 1;
    }

    /// <summary>Closes the gap by moving back entries that had been pushed past it, so that no tombstones pile up.</summary>
    private void RemoveIndex(JobId id)
    {
        var mask = _index.Length - 1;
        var gap = id.GetHashCode() & mask;
        while (this[_index[gap] - 1].Id != id) gap = (gap + 1) & mask;
        for (var at = (gap + 1) & mask; _index[at] != 0; at = (at + 1) & mask)
        {
            var home = this[_index[at] - 1].Id.GetHashCode() & mask;
            if (((at - home) & mask) < ((at - gap) & mask)) continue;
            _index[gap] = _index[at];
            gap = at;
        }
        _index[gap] = 0;
    }

    private void Grow()
    {
        var old = _index;
        _index = new int[old.Length * 2];
        foreach (var entry in old)
            if (entry != 0) InsertIndex(entry - 1);
    }
}
