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
    public void ChildLost_ThreeTimesInTenSeconds_PutsTheUserOnProbationForAMinute()
    {
        var time = new FakeTimeProvider();
        var probation = new UserProbation(time);
        probation.ChildLost("ann");
        probation.ChildLost("ann");
        probation.ChildLost("bob");
        probation.Covers("ann").Should().BeFalse();

        time.Advance(TimeSpan.FromSeconds(9));
        probation.ChildLost("ann");

        probation.Covers("ann").Should().BeTrue();
        probation.Covers("bob").Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(59));
        probation.Covers("ann").Should().BeTrue();
        time.Advance(TimeSpan.FromSeconds(1));
        probation.Covers("ann").Should().BeFalse();
    }

    [Fact]
    public void ChildLost_ThreeTimesInMoreThanTenSeconds_ChangesNothing()
    {
        var time = new FakeTimeProvider();
        var probation = new UserProbation(time);
        for (int i = 0; i < 10; i++)
        {
            probation.ChildLost("ann");
            time.Advance(TimeSpan.FromSeconds(5.1));
            probation.Covers("ann").Should().BeFalse();
        }
    }

    [Fact]
    public void Checks_OfSeveralUsers_TakeTurns()
    {
        var line = new CheckLine();
        Waiter[] ann = [.. Enumerable.Range(0, 3).Select(_ => Check("ann"))];
        Waiter bob = Check("bob");
        foreach (Waiter waiter in (Waiter[])[.. ann, bob]) line.TryAdd(waiter).Should().BeNull();

        line.Remove(ann[1]).Should().BeTrue();
        line.Remove(ann[1]).Should().BeFalse();

        line.Next.Should().BeSameAs(bob, "ann has left the line once, which was her turn");
        line.Remove(bob).Should().BeTrue();
        line.Next.Should().BeSameAs(ann[0]);
        line.TryAdd(bob).Should().BeNull();
        line.Remove(ann[0]).Should().BeTrue();
        line.Next.Should().BeSameAs(bob);
        line.Count.Should().Be(2);
        line.TakeAll().Should().Equal(bob, ann[2]);
        line.Next.Should().BeNull();
    }

    [Fact]
    public void Checks_BeyondTheLine_AreRefused()
    {
        var line = new CheckLine();
        for (int i = 0; i < CheckLine.PerUserMax; i++) line.TryAdd(Check("ann")).Should().BeNull();
        line.TryAdd(Check("ann")).Should().Contain("of this user");

        for (int i = line.Count; i < CheckLine.Max; i++) line.TryAdd(Check($"user{i}")).Should().BeNull();
        line.TryAdd(Check("bob")).Should().NotBeNull();

        line.Count.Should().Be(CheckLine.Max);
        line.Remove(line.Next!).Should().BeTrue();
        line.TryAdd(Check("bob")).Should().BeNull();
    }

    private static Waiter Check(string user) => new(new ChildWant(user, Owner: null, Hash: null), since: 0);

    private static SourceHash Hash(string source) => SourceHash.Of(System.Text.Encoding.UTF8.GetBytes(source));
}
