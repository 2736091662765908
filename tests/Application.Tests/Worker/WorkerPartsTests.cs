using FaaS.Application.Worker;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Fakes;

namespace FaaS.Application.Tests.Worker;

public sealed class WorkerPartsTests
{
    [Fact]
    public void Book_WhenManyRevocationsComeTooLate_StillRemembersOneThatIsEarly()
    {
        var book = new LeaseBook(slots: 3);
        for (var number = 1; number <= 3_000; number++)
        {
            book.Add(Lease(number));
            book.Remove(new LeaseToken(1, number, 0));
            book.Revoke([new LeaseToken(1, number, 0)]);
        }

        book.Revoke([new LeaseToken(1, 3_001, 0)]);
        var lease = Lease(3_001);
        book.Add(lease);

        lease.Stop.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public void Book_WhenALeaseIsReported_ListsItUntilItIsAnswered()
    {
        var book = new LeaseBook(slots: 3);
        book.Add(Lease(1));
        var lease = book.Start()!;

        book.Report(lease).Should().BeTrue();

        book.List().Should().ContainSingle();
        (book.Open, book.Unanswered).Should().Be((0, 1));
        book.Remove(lease.Job.Token);
        book.List().Should().BeEmpty();
        book.Unanswered.Should().Be(0);
    }

    [Fact]
    public void Book_WhenOneOwnerFillsTheLine_KeepsASlotForOthers()
    {
        var book = new LeaseBook(slots: 3);
        for (var number = 1; number <= 5; number++) book.Add(Lease(number, owner: 1));
        var first = book.Start()!;
        book.Start().Should().NotBeNull();
        book.Start().Should().BeNull("the third slot is for others");

        book.Add(Lease(6, owner: 2));

        book.Start()!.Job.Binding.Generation.Should().Be(2);
        book.Start().Should().BeNull();
        book.Leave(first);
        book.Start()!.Job.Token.Number.Should().Be(3);
    }

    [Fact]
    public void Book_OfAUserOnProbation_StartsOneAndLeavesTheOtherSlotsToOthers()
    {
        var book = new LeaseBook(slots: 3, user => user == "user1" ? 1 : 3);
        book.Add(Lease(1, owner: 1));
        book.Add(Lease(2, owner: 1));
        book.Add(Lease(3, owner: 2));
        book.Add(Lease(4, owner: 2));

        var first = book.Start()!;

        first.Job.Token.Number.Should().Be(1);
        book.Start()!.Job.Token.Number.Should().Be(3, "the user's second would only wait for a child");
        book.Start()!.Job.Token.Number.Should().Be(4);
        book.Start().Should().BeNull();
        book.Leave(first);
        book.Start()!.Job.Token.Number.Should().Be(2);
    }

    [Fact]
    public void Book_OfASingleSlot_IsEverybodys()
    {
        var book = new LeaseBook(slots: 1);
        book.Add(Lease(1));

        book.Start().Should().NotBeNull();
    }

    [Fact]
    public void Book_WhenALeaseIsLost_IsNotReported()
    {
        var book = new LeaseBook(slots: 3);
        book.Add(Lease(1));
        book.Add(Lease(2));
        var running = book.Start()!;

        book.Lose([new LeaseToken(1, 1, 0), new LeaseToken(1, 2, 0), new LeaseToken(1, 3, 0)]);

        running.Stop.IsCancellationRequested.Should().BeTrue();
        book.Report(running).Should().BeFalse();
        book.Start().Should().BeNull();
    }

    [Theory]
    [InlineData(1, 100, 32)]
    [InlineData(1, 1_000, 8)]
    [InlineData(4, 4_900, 4)]
    [InlineData(4, 5_000, 0)]
    [InlineData(1_024, 1, 1_024)]
    public void Prefetch_IsAsMuchAsStartsWithinMilliseconds(int slots, int meanUs, int expected)
    {
        var prefetch = new Prefetch(slots);
        prefetch.Allowance.Should().Be(0);

        prefetch.Measure(TimeSpan.FromMicroseconds(meanUs));

        prefetch.Allowance.Should().Be(expected);
    }

    [Fact]
    public async Task Sources_WhenTheyOutgrowTheCache_TheOldestGoes()
    {
        var store = new MemoryStore().With("ann", "a", "aaaa").With("ann", "b", "bbbb").With("ann", "c", "cccc");
        await using var parts = Parts.Build(store: store);
        var cache = new SourceCache(parts.Mediator, maxBytes: 8);

        foreach (var source in new[] { "aaaa", "bbbb", "cccc", "bbbb", "aaaa" })
            (await cache.ReadAsync(SourceHash.Of(System.Text.Encoding.UTF8.GetBytes(source)), default)).IsOk.Should().BeTrue();

        store.SourceReads.Should().Be(4);
    }

    private static LeaseInHand Lease(long number, long owner = 1) => new(
        new LeasedJob(
            new JobId(1, (uint)number), new LeaseToken(1, number, 0), 1,
            Some.Binding() with { Generation = owner, User = $"user{owner}" }, []),
        0);
}
