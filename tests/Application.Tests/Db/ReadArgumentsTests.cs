using FaaS.Application.Db;
using FaaS.Application.Tests.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Fakes;

namespace FaaS.Application.Tests.Db;

/// <summary>Arguments are for whom the job was leased to.</summary>
public sealed class ReadArgumentsTests
{
    private static readonly JobId Job = new(1, 2);

    private readonly MemoryStore _store = new MemoryStore().With("ann", "add");

    public ReadArgumentsTests() => _store.Plant(new JobSubmission(Job, "ann", "add", Body.Of("[7]"u8.ToArray()), 1));

    [Fact]
    public async Task Arguments_WithALeaseOfTheJob_AreAnswered()
    {
        var answer = await ReadAsync(new LeaseSealer(_store.LeaseKey).Seal(Job, 1, 1));

        answer.Value.Bytes.Should().Equal("[7]"u8.ToArray());
    }

    [Fact]
    public async Task Arguments_WithALeaseThatIsMadeUpOrOfAnotherJob_AreRefused()
    {
        LeaseToken[] tokens = [new LeaseToken(1, 1, 0), new LeaseSealer(_store.LeaseKey).Seal(new JobId(1, 3), 1, 1)];

        foreach (var token in tokens)
            (await ReadAsync(token)).Error.Should().BeEquivalentTo(new Error(
                ErrorCode.Forbidden, "The lease 1/1 was not granted for the job 000000000000000100000002."));
    }

    [Fact]
    public async Task Arguments_WhileTheStoreIsDown_AreNotRefusedForGood()
    {
        var token = new LeaseSealer(_store.LeaseKey).Seal(Job, 1, 1);
        _store.Down = new Error(ErrorCode.NotDurable, "Down.");

        (await ReadAsync(token)).Error!.Code.Should().Be(ErrorCode.NotDurable);
    }

    private async Task<Result<ArgumentBody>> ReadAsync(LeaseToken token)
    {
        await using var parts = Parts.Build(store: _store);
        return await parts.Mediator.Send(new ReadArguments(Job, token));
    }
}
