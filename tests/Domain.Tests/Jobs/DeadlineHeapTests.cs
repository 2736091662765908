using CsCheck;
using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class DeadlineHeapTests
{
    [Fact]
    public void TryTake_InAnyOrder_AgreesWithASortedModel() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 40], Gen.Int[1, 30]).Array[0, 300].Sample(steps =>
        {
            var current = new Dictionary<int, (long Sequence, long AtMs)>();
            var heap = new DeadlineHeap((slot, sequence, atMs) => current.GetValueOrDefault(slot) == (sequence, atMs));
            long nextSequence = 1;
            long nowMs = 0;
            foreach (var (kind, slot, ms) in steps)
            {
                if (kind == 0 && !current.ContainsKey(slot))
                {
                    current.Add(slot, (nextSequence, nowMs + ms));
                    heap.Add(nowMs + ms, slot, nextSequence++);
                }
                else if (kind == 1 && current.Remove(slot))
                {
                    heap.Forget();
                }
                else if (kind == 2)
                {
                    nowMs += ms / 3;
                    var due = current.Where(entry => entry.Value.AtMs <= nowMs)
                        .OrderBy(entry => (entry.Value.AtMs, entry.Value.Sequence)).Select(entry => entry.Key).ToArray();
                    foreach (var expected in due)
                    {
                        if (!heap.TryTake(nowMs, out var taken) || taken != expected) return false;
                        current.Remove(taken);
                    }
                    if (heap.TryTake(nowMs, out _)) return false;
                }
            }
            return true;
        });

    [Fact]
    public void Forget_OfThousands_KeepsWhatIsCurrent()
    {
        var current = new HashSet<int>(Enumerable.Range(0, 5_000));
        var heap = new DeadlineHeap((slot, _, _) => current.Contains(slot));
        foreach (var slot in Enumerable.Range(0, 5_000)) heap.Add(slot, slot, slot);

        foreach (var slot in Enumerable.Range(0, 5_000).Where(slot => slot % 7 != 0))
        {
            current.Remove(slot);
            heap.Forget();
        }

        var taken = new List<int>();
        while (heap.TryTake(long.MaxValue, out var slot)) taken.Add(slot);
        taken.Should().Equal(Enumerable.Range(0, 5_000).Where(slot => slot % 7 == 0));
    }
}
