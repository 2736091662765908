using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Domain.Tests.Simulation;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>A job's place in its function's line, whatever left the line before.</summary>
public sealed class PlaceTests
{
    private readonly JobTable _jobs = new();
    private readonly FairShare _share;
    private readonly FunctionBacklog _function;
    private readonly BoundVersion _version;
    private readonly List<int> _ready = [];
    private uint _nextId;

    public PlaceTests()
    {
        var rules = new QueueRules();
        _share = new FairShare(_jobs, rules);
        _share.SetCapacity(1_000_000, 1_000_000);
        _function = new FunctionBacklog(1, new QueueOwner(1), rules.UnknownCostUs);
        _version = new BoundVersion(
            new FunctionBinding(1, 1, 1, "u", "f", 1, new SourceHash("x"), FunctionLimits.Default), _function);
    }

    [Fact]
    public void Describe_AfterCancellationsInTheMiddle_CountsTheJobsThatAreLeft()
    {
        var queue = new QueueHarness();
        var ids = queue.SubmitMany(12);
        foreach (var id in ids[3..8]) queue.Cancel(id);

        JobId[] left = [.. ids[..3], .. ids[8..]];
        left.Select(id => queue.Queue.Describe(id).Position).Should().Equal(1, 2, 3, 4, 5, 6, 7);
        queue.Commit();

        left.Select(id => queue.Queue.Describe(id).Position).Should().Equal(1, 2, 3, 4, 5, 6, 7);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Position_AfterAnythingThatHappensToALine_IsTheOneCounted(ulong seed)
    {
        var random = new SimRandom(seed);
        var leased = new List<int>();

        for (var round = 0; round < 40; round++)
        {
            // Some rounds fill, some drain: the line is empty now and then, and a few thousand long at others.
            for (int at = random.Below(600); at > 0; at--) Append();
            for (int at = random.Below(400); at > 0 && _ready.Count > 0; at--) Take(random.Below(_ready.Count));
            for (int at = random.Below(round % 4 == 3 ? 3_000 : 100); at > 0 && _share.Pick(out _) is >= 0 and var slot; at--)
            {
                _ready.Remove(slot);
                leased.Add(slot);
            }
            for (int at = random.Below(5); at > 0 && leased.Count > 0; at--) GiveBack(leased, random.Below(leased.Count));

            ShouldBeCounted();
        }
    }

    [Fact]
    public void Position_WhenEveryOtherOfManyIsGone_IsExact()
    {
        for (var at = 0; at < 100_000; at++) Append();
        for (var at = 49_999; at > 0; at--) Take(at * 2 - 1);

        _share.Position(_ready[^1]).Should().Be(_ready.Count);
        ShouldBeCounted();
    }

    [Fact]
    public void Places_WhenTheGapsHavePassed_AreForgotten()
    {
        for (var at = 0; at < 1_000; at++) Append();
        Take(10);
        _function.Places.Should().NotBeNull();

        for (var at = 0; at < 10; at++) _share.Pick(out _);

        _function.Places.Should().BeNull("a line without gaps needs none");
    }

    private void Append()
    {
        var slot = _jobs.Add(new JobId(1, ++_nextId));
        _jobs[slot].Version = _version;
        _jobs[slot].Sequence = _nextId;
        _share.Append(slot);
        _ready.Add(slot);
    }

    private void Take(int at)
    {
        var slot = _ready[at];
        _share.Remove(slot);
        _jobs.Release(slot);
        _ready.RemoveAt(at);
    }

    private void GiveBack(List<int> leased, int at)
    {
        var slot = leased[at];
        leased.RemoveAt(at);
        _share.Return(slot);
        _ready.Add(slot);
    }

    private void ShouldBeCounted()
    {
        var positions = new List<int>();
        for (var slot = _function.Head; _ready.Count > 0 && slot >= 0; slot = _jobs[slot].Next)
            positions.Add(_share.Position(slot));
        positions.Should().HaveCount(_ready.Count);
        positions.SequenceEqual(Enumerable.Range(1, positions.Count)).Should().BeTrue();
    }
}
