using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sandbox.Agent;
using FaaS.Infrastructure.Sandbox.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>The agent's bookkeeping, without any process.</summary>
public sealed class AgentTests
{
    [Fact]
    public void Take_WhenAllSlotsAreTaken_EvictsTheLeastRecentlyUsed()
    {
        var slots = new SourceSlots(slotsMax: 2, bytesMax: 1000);
        SlotGrant a = slots.Take(Hash("a"), 10);
        SlotGrant b = slots.Take(Hash("b"), 10);
        slots.Take(Hash("a"), 10).SourceNeeded.Should().BeFalse();

        SlotGrant c = slots.Take(Hash("c"), 10);

        c.Evicted.Should().Equal(b.Slot);
        c.Slot.Should().Be(b.Slot);
        c.SourceNeeded.Should().BeTrue();
        slots.Holds(Hash("a")).Should().BeTrue();
        slots.Holds(Hash("b")).Should().BeFalse();
        a.Evicted.Should().BeEmpty();
    }

    [Fact]
    public void Take_WhenTheBytesAreUsedUp_EvictsUntilTheSourceFits()
    {
        var slots = new SourceSlots(slotsMax: 10, bytesMax: 100);
        for (int i = 0; i < 4; i++) slots.Take(Hash($"{i}"), 25);

        slots.Take(Hash("big"), 60).Evicted.Should().HaveCount(3);
        slots.Take(Hash("bigger than all"), 500).Evicted.Should().HaveCount(2);
        slots.Holds(Hash("bigger than all")).Should().BeTrue();
    }

    [Fact]
    public void Take_InAnyOrder_NeverHasTwoSourcesInOneSlot()
    {
        var random = new Random(1);
        var slots = new SourceSlots(slotsMax: 8, bytesMax: 200);
        var child = new Dictionary<ushort, string>();
        for (int i = 0; i < 5_000; i++)
        {
            string source = $"{random.Next(20)}";
            SlotGrant grant = slots.Take(Hash(source), 1 + (source.Length * 30));
            foreach (ushort evicted in grant.Evicted) child.Remove(evicted).Should().BeTrue();
            if (grant.SourceNeeded) child.TryAdd(grant.Slot, source).Should().BeTrue();
            child[grant.Slot].Should().Be(source);
        }
    }

    [Fact]
    public void ChildLost_ThreeTimesInTenSeconds_PutsTheOwnerOnProbationForAMinute()
    {
        var time = new FakeTimeProvider();
        var probation = new OwnerProbation(time);
        probation.ChildLost(1);
        probation.ChildLost(1);
        probation.ChildLost(2);
        probation.Covers(1).Should().BeFalse();

        time.Advance(TimeSpan.FromSeconds(9));
        probation.ChildLost(1);

        probation.Covers(1).Should().BeTrue();
        probation.Covers(2).Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(59));
        probation.Covers(1).Should().BeTrue();
        time.Advance(TimeSpan.FromSeconds(1));
        probation.Covers(1).Should().BeFalse();
    }

    [Fact]
    public void ChildLost_ThreeTimesInMoreThanTenSeconds_ChangesNothing()
    {
        var time = new FakeTimeProvider();
        var probation = new OwnerProbation(time);
        for (int i = 0; i < 10; i++)
        {
            probation.ChildLost(1);
            time.Advance(TimeSpan.FromSeconds(5.1));
            probation.Covers(1).Should().BeFalse();
        }
    }

    private static SourceHash Hash(string source) => SourceHash.Of(System.Text.Encoding.UTF8.GetBytes(source));
}
