namespace FaaS.Domain.Jobs;

/// <summary>
/// Owners by their virtual time, the one furthest behind first; of equals, one that has come with work and had none of it
/// granted yet, and then whoever came first. A binary heap whose places stand in the owners, so that one can be taken out or
/// moved without being searched for.
/// </summary>
internal sealed class OwnerHeap
{
    private readonly List<QueueOwner> _owners = [];
    private long _entries;

    /// <summary>The one furthest behind; null when there is none.</summary>
    public QueueOwner? First => _owners.Count > 0 ? _owners[0] : null;

    /// <summary>All of them, in no order that means anything.</summary>
    public IReadOnlyList<QueueOwner> All => _owners;

    public void Add(QueueOwner owner)
    {
        owner.Heap = this;
        owner.HeapEntry = ++_entries;
        owner.HeapAt = _owners.Count;
        _owners.Add(owner);
        Rise(owner);
    }

    public void Remove(QueueOwner owner)
    {
        var last = _owners[^1];
        _owners.RemoveAt(_owners.Count - 1);
        owner.Heap = null;
        if (ReferenceEquals(last, owner)) return;
        Put(last, owner.HeapAt);
        Moved(last);
    }

    /// <summary>Its virtual time has changed.</summary>
    public void Moved(QueueOwner owner)
    {
        Rise(owner);
        Sink(owner);
    }

    private void Rise(QueueOwner owner)
    {
        while (owner.HeapAt > 0)
        {
            var parent = _owners[(owner.HeapAt - 1) / 2];
            if (!IsBefore(owner, parent)) return;
            Swap(owner, parent);
        }
    }

    private void Sink(QueueOwner owner)
    {
        while (true)
        {
            var child = (owner.HeapAt * 2) + 1;
            if (child >= _owners.Count) return;
            if (child + 1 < _owners.Count && IsBefore(_owners[child + 1], _owners[child])) child++;
            if (!IsBefore(_owners[child], owner)) return;
            Swap(_owners[child], owner);
        }
    }

    private void Swap(QueueOwner one, QueueOwner other)
    {
        var at = one.HeapAt;
        Put(one, other.HeapAt);
        Put(other, at);
    }

    private void Put(QueueOwner owner, int at)
    {
        _owners[at] = owner;
        owner.HeapAt = at;
    }

    private static bool IsBefore(QueueOwner one, QueueOwner other) =>
        one.VirtualNs != other.VirtualNs ? one.VirtualNs < other.VirtualNs
        : one.IsNew != other.IsNew ? one.IsNew
        : one.HeapEntry < other.HeapEntry;
}
