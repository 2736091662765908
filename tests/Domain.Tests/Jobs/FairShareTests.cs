using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Domain.Users;

namespace FaaS.Domain.Tests.Jobs;

public sealed class FairShareTests
{
    private static readonly QueueRules Rules = new();

    private readonly JobTable _jobs = new();
    private readonly FairShare _share;
    private uint _nextId;
    private long _nextFunction;

    public FairShareTests()
    {
        _share = new FairShare(_jobs, Rules);
        _share.SetCapacity(1_000, 1_000);
    }

    [Fact]
    public void Pick_WithWeights_SharesWorkerTimeByWeight()
    {
        QueueOwner[] owners = [Owner(1, 3), Owner(2, 2), Owner(3, 1)];
        foreach (var owner in owners) Fill(Function(owner), 4_000);
        var counts = new double[4];

        for (var at = 0; at < 6_000; at++) counts[RunOne().Generation]++;

        (counts[1] / counts[3]).Should().BeInRange(2.7, 3.3);
        (counts[2] / counts[3]).Should().BeInRange(1.8, 2.2);
    }

    [Fact]
    public void Pick_WhenOneOwnersJobsAreTenTimesAsLong_SharesTimeAndNotJobs()
    {
        var dear = Function(Owner(1));
        var cheap = Function(Owner(2));
        dear.Measure(100_000);
        cheap.Measure(10_000);
        Fill(dear, 5_000);
        Fill(cheap, 5_000);
        var timeUs = new double[3];

        for (var at = 0; at < 3_000; at++)
        {
            var owner = RunOne();
            timeUs[owner.Generation] += owner.Generation == 1 ? 100_000 : 10_000;
        }

        (timeUs[1] / timeUs[2]).Should().BeInRange(0.9, 1.1);
    }

    [Fact]
    public void Pick_BehindTenThousandJobsOfAnother_TakesTheSingleJobNext()
    {
        Fill(Function(Owner(1)), 10_000);
        for (var at = 0; at < 50; at++) RunOne();
        var newcomer = Owner(2);
        Fill(Function(newcomer), 1);

        var picks = Enumerable.Range(0, 3).Select(_ => RunOne().Generation).ToArray();

        picks.Should().Contain(2);
    }

    [Fact]
    public void Pick_AmongAnOwnersFunctions_TakesTurns()
    {
        var owner = Owner(1);
        Fill(Function(owner), 100);
        Fill(Function(owner), 1);

        Enumerable.Range(0, 3).Select(_ => PickFunction()).Should().Contain(2);
    }

    [Fact]
    public void Pick_WithinAFunction_IsFirstInFirstOut()
    {
        var function = Function(Owner(1));
        var slots = Fill(function, 20);

        Enumerable.Range(0, 20).Select(_ => _share.Pick(out var _)).Should().Equal(slots);
    }

    [Fact]
    public void Pick_WhenAnOwnerRunsAllButOneSlot_StopsThere()
    {
        _share.SetCapacity(4, 4);
        Fill(Function(Owner(1)), 10);

        for (var at = 0; at < 3; at++) _share.Pick(out _).Should().NotBe(-1);

        _share.Pick(out _).Should().Be(-1);
        _share.CanPick.Should().BeFalse();
        Fill(Function(Owner(2)), 1);
        _share.Pick(out _).Should().NotBe(-1, "the last slot is for somebody else");
    }

    [Fact]
    public void Pick_BeyondTheSlots_GrantsOnlyWhatIsKnownToBeShort()
    {
        _share.SetCapacity(slots: 3, total: 20);
        var unknown = Function(Owner(1));
        var brief = Function(Owner(2));
        brief.Measure(100);
        Fill(unknown, 50);
        Fill(brief, 50);
        var granted = new int[3];

        for (int slot; (slot = _share.Pick(out _)) >= 0;) granted[_jobs[slot].Version!.Function.Owner.Generation]++;

        granted[1].Should().Be(2, "it may run in all slots but one, and nothing of it is granted ahead");
        granted[2].Should().Be(19);
        _share.Finished(unknown);
        _share.Pick(out _).Should().NotBe(-1, "one of its places is free again");
    }

    [Fact]
    public void Pick_WhenARunOutlastsItsAverage_GrantsNothingAhead()
    {
        _share.SetCapacity(slots: 3, total: 20);
        var function = Function(Owner(1));
        function.Measure(100);
        function.Outlast(60_000_000);
        Fill(function, 50);

        for (var at = 0; at < 2; at++) _share.Pick(out _).Should().NotBe(-1);

        _share.Pick(out _).Should().Be(-1);
    }

    [Fact]
    public void SetCapacity_WhenItGrows_LetsCappedOwnersGoOn()
    {
        _share.SetCapacity(2, 2);
        Fill(Function(Owner(1)), 10);
        _share.Pick(out _);
        _share.Pick(out _).Should().Be(-1);

        _share.SetCapacity(3, 3);

        _share.Pick(out _).Should().NotBe(-1);
    }

    [Fact]
    public void SetCapacity_WhenItShrinks_GrantsNoMoreUntilRunsEnd()
    {
        var function = Function(Owner(1));
        Fill(function, 10);
        for (var at = 0; at < 5; at++) _share.Pick(out _);

        _share.SetCapacity(3, 3);

        _share.Pick(out _).Should().Be(-1);
        for (var at = 0; at < 4; at++) _share.Finished(function);
        _share.Pick(out _).Should().NotBe(-1);
    }

    [Fact]
    public void Charge_OfAVeryLongRun_IsForgivenBeyondTheCap()
    {
        var owner = Owner(1);
        _share.Charge(owner, 3_600_000_000);
        Fill(Function(owner), 1_000);
        Fill(Function(Owner(2)), 1_000);

        var picks = Enumerable.Range(0, 300).Select(_ => RunOne().Generation).ToArray();

        Array.IndexOf(picks, 1).Should().BeInRange(90, 110, "a second ahead is a hundred runs of the other's");
    }

    [Fact]
    public void Charge_WhenCorrectedByMoreThanWasTaken_GivesNoCredit()
    {
        var owner = Owner(1);
        var function = Function(owner);
        function.Measure(5_000_000);
        Fill(function, 100);
        Fill(Function(Owner(2)), 1_000);
        for (var at = 0; at < 20; at++)
        {
            // Each run is charged 5 s in advance, most of it is forgiven by the cap, and turns out to be nothing.
            _share.Pick(out var chargedUs);
            _share.Charge(owner, -chargedUs);
            _share.Finished(function);
        }

        owner.VirtualNs.Should().BeGreaterThanOrEqualTo(-Rules.CreditUs * 1_000L, "the other has had nothing");
    }

    [Fact]
    public void Charge_WhenAnOwnerHasNoWork_LeavesItNoCreditToComeBackWith()
    {
        var owner = Owner(1);
        var function = Function(owner);
        Fill(function, 1);
        _share.Pick(out var chargedUs);
        _share.Charge(owner, -chargedUs);
        _share.Finished(function);
        Fill(Function(Owner(2)), 1_000);
        for (var at = 0; at < 500; at++) RunOne();

        Fill(function, 1_000);

        var picks = Enumerable.Range(0, 10).Select(_ => RunOne().Generation).ToArray();
        picks.Should().Contain(2, "the time without work was not saved up");
    }

    [Fact]
    public void Remove_FromTheMiddle_KeepsTheRestInOrder()
    {
        var slots = Fill(Function(Owner(1)), 5);

        _share.Remove(slots[2]);
        _share.Remove(slots[0]);
        _share.Remove(slots[4]);

        _share.Ready.Should().Be(2);
        Enumerable.Range(0, 3).Select(_ => _share.Pick(out var _)).Should().Equal(slots[1], slots[3], -1);
    }

    [Fact]
    public void Close_OfAnOwner_TakesItOut()
    {
        var owner = Owner(1);
        Fill(Function(owner), 5);

        _share.Close(owner);

        _share.CanPick.Should().BeFalse();
        _share.Ready.Should().Be(5, "its jobs are still to be cancelled");
    }

    [Fact]
    public void Dispatch_WithABusyNeighbour_ServesASingleJobWithinTheRunningOnes()
    {
        var queue = new QueueHarness();
        var worker = queue.NewWorker();
        queue.Enqueue([.. Enumerable.Range(0, 4_000).Select(_ => queue.Submission("many"))]);
        queue.Commit();
        var running = queue.Ask(worker, max: 4, slots: 4, total: 4).Value.Jobs;
        var single = queue.Submit("one");

        queue.Report(worker, running[0]);
        var next = queue.Ask(worker, max: 2, slots: 4, total: 4, held: [.. running.Skip(1).Select(job => QueueHarness.Held(job))]);

        running.Should().HaveCount(3, "one slot is left for others");
        next.Value.Jobs.Select(job => job.Job).Should().Contain(single);
    }

    private static QueueOwner Owner(long generation, int weight = 1) => 
        new(generation) { Account = new Account("u" + generation, Quotas.Unbounded with { Weight = weight }) };

    private FunctionBacklog Function(QueueOwner owner) => new(++_nextFunction, owner, Rules.UnknownCostUs);

    private int[] Fill(FunctionBacklog function, int count)
    {
        var binding = new FunctionBinding(function.FunctionId, function.FunctionId, function.Owner.Generation, "u", "f", 1,
            new SourceHash("x"), FunctionLimits.Default);
        var version = new BoundVersion(binding, function);
        var slots = new int[count];
        for (var at = 0; at < count; at++)
        {
            slots[at] = _jobs.Add(new JobId(1, ++_nextId));
            _jobs[slots[at]].Version = version;
            _jobs[slots[at]].Sequence = _nextId;
            _share.Append(slots[at]);
        }
        return slots;
    }

    private QueueOwner RunOne()
    {
        var slot = _share.Pick(out _);
        var owner = _jobs[slot].Version!.Function.Owner;
        _share.Finished(_jobs[slot].Version!.Function);
        return owner;
    }

    private long PickFunction() => _jobs[_share.Pick(out _)].Version!.Function.FunctionId;
}
