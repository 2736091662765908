using CsCheck;
using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

public sealed class JobTableTests
{
    /// <summary>Few ids, so that they come back, and among them some whose hashes meet at the index's end.</summary>
    private static readonly JobId[] Ids = [.. Clashing(at: 1023, 12), .. Clashing(at: 0, 6), .. Clashing(at: 1022, 6)];

    [Fact]
    public void Operations_InAnyOrder_AgreeWithADictionary() =>
        Gen.Select(Gen.Int[0, Ids.Length - 1], Gen.Bool).Array[0, 200].Sample(steps =>
        {
            var table = new JobTable();
            var model = new Dictionary<JobId, int>();
            foreach (var (at, adds) in steps)
            {
                var id = Ids[at];
                if (model.Remove(id, out var slot))
                {
                    if (table.Find(id) != slot) return false;
                    if (adds) model.Add(id, slot);
                    else table.Release(slot);
                }
                else if (adds)
                {
                    model.Add(id, table.Add(id));
                }
                if (table.Count != model.Count) return false;
                foreach (var each in Ids)
                    if (table.Find(each) != model.GetValueOrDefault(each, -1)) return false;
            }
            return model.All(pair => table[pair.Value].Id == pair.Key);
        });

    [Fact]
    public void Add_OfManyMoreThanTheIndexHolds_FindsThemAll()
    {
        var table = new JobTable();
        var slots = new int[50_000];

        for (uint at = 0; at < slots.Length; at++) slots[at] = table.Add(new JobId(7, at));
        for (uint at = 0; at < slots.Length; at += 3) table.Release(slots[at]);

        for (uint at = 0; at < slots.Length; at++)
            table.Find(new JobId(7, at)).Should().Be(at % 3 == 0 ? -1 : slots[at]);
    }

    [Fact]
    public void Add_AfterARelease_UsesTheSlotAgainAndFindsItClean()
    {
        var table = new JobTable();
        var slot = table.Add(new JobId(1, 1));
        table[slot].Ended = 3;
        table[slot].Phase = JobPhase.Leased;
        table.Release(slot);

        var again = table.Add(new JobId(1, 2));

        again.Should().Be(slot);
        table.SlotCount.Should().Be(1);
        table[again].Phase.Should().Be(JobPhase.Free);
        table[again].Ended.Should().Be(0);
    }

    private static IEnumerable<JobId> Clashing(int at, int count)
    {
        for (uint number = 0; count > 0; number++)
        {
            var id = new JobId(9, number);
            if ((id.GetHashCode() & 1023) != at) continue;
            count--;
            yield return id;
        }
    }
}
