using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sandbox.Protocol;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// The agent's record of the compiled scripts one child keeps: least recently used go first, bounded in number and in
/// bytes of source, because a syntax tree is many times its text and counts against the child's memory.
/// </summary>
internal sealed class SourceSlots(int slotsMax = FrameLimits.Slots, int bytesMax = SourceSlots.BytesMax)
{
    public const int BytesMax = 256 << 10;

    private static readonly IReadOnlyList<ushort> Nothing = [];

    private readonly Dictionary<SourceHash, LinkedListNode<Entry>> _byHash = [];
    private readonly LinkedList<Entry> _recent = new();
    private readonly Stack<ushort> _free = new(Enumerable.Range(0, slotsMax).Reverse().Select(slot => (ushort)slot));
    private int _bytes;

    public bool Holds(SourceHash hash) => _byHash.ContainsKey(hash);

    /// <summary>Finds the source's slot, or gives it one, evicting others to make room.</summary>
    public SlotGrant Take(SourceHash hash, int sourceBytes)
    {
        if (_byHash.TryGetValue(hash, out LinkedListNode<Entry>? known))
        {
            if (_recent.First != known)
            {
                _recent.Remove(known);
                _recent.AddFirst(known);
            }

            return new SlotGrant(known.Value.Slot, SourceNeeded: false, Nothing);
        }

        List<ushort>? evicted = null;
        while (_recent.Last is { } oldest && (_free.Count == 0 || _bytes + sourceBytes > bytesMax))
        {
            (evicted ??= []).Add(oldest.Value.Slot);
            Drop(oldest);
        }

        ushort slot = _free.Pop();
        _byHash.Add(hash, _recent.AddFirst(new Entry(hash, slot, sourceBytes)));
        _bytes += sourceBytes;
        return new SlotGrant(slot, SourceNeeded: true, evicted ?? Nothing);
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _recent.Remove(node);
        _byHash.Remove(node.Value.Hash);
        _bytes -= node.Value.Bytes;
        _free.Push(node.Value.Slot);
    }

    private sealed record Entry(SourceHash Hash, ushort Slot, int Bytes);
}
