using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class OwnerHeapTests
{
    private readonly OwnerHeap _heap = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void First_WhateverIsAddedMovedAndRemoved_IsTheLeastByAPlainSearch(int seed)
    {
        var random = new Random(seed);
        var inside = new List<QueueOwner>();
        var outside = new List<QueueOwner>(Enumerable.Range(1, 40).Select(n => new QueueOwner(n)));
        for (var step = 0; step < 5_000; step++)
        {
            switch (random.Next(3))
            {
                case 0 when outside.Count > 0:
                    var comes = Take(outside, random);
                    comes.VirtualNs = random.Next(20);
                    comes.IsNew = random.Next(2) == 0;
                    _heap.Add(comes);
                    inside.Add(comes);
                    break;
                case 1 when inside.Count > 0:
                    var leaves = Take(inside, random);
                    _heap.Remove(leaves);
                    leaves.Heap.Should().BeNull();
                    outside.Add(leaves);
                    break;
                case 2 when inside.Count > 0:
                    var moves = inside[random.Next(inside.Count)];
                    moves.VirtualNs = random.Next(20);
                    _heap.Moved(moves);
                    break;
            }
            _heap.All.Should().HaveCount(inside.Count);
            _heap.First.Should().BeSameAs(inside
                .OrderBy(owner => owner.VirtualNs).ThenBy(owner => !owner.IsNew).ThenBy(owner => owner.HeapEntry).FirstOrDefault());
        }
    }

    private static QueueOwner Take(List<QueueOwner> owners, Random random)
    {
        var at = random.Next(owners.Count);
        var owner = owners[at];
        owners.RemoveAt(at);
        return owner;
    }
}
