using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>What large bodies may take up before anything refers to them.</summary>
public sealed class PayloadTests : IDisposable
{
    private const int Size = 100_000;
    private const long MinuteMs = 60_000;

    private readonly string _folder = SqliteStores.NewFolder();

    private string DatabaseFile => Path.Combine(_folder, "faas.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Store_WhenNothingRefersToTheBodies_RefusesBeyondTheLimit()
    {
        await using var stores = Open();
        var first = await StoreAsync(stores);
        await StoreAsync(stores);

        var refused = await stores.Jobs.StorePayloadAsync(Guid.NewGuid(), new byte[Size], Batch.NowMs, default);
        var again = await stores.Jobs.StorePayloadAsync(first, new byte[Size], Batch.NowMs, default);

        refused.Error!.Code.Should().Be(ErrorCode.NotDurable);
        refused.Error.Message.Should().Contain("Sqlite:UnreferencedBytes");
        refused.Error.RetryAfterSeconds.Should().Be(60);
        again.IsOk.Should().BeTrue("it is stored already");
    }

    [Fact]
    public async Task Store_WhenJobsRefersToTheBodies_TakesMore()
    {
        await using var stores = Open();
        await stores.Users.RegisterAsync("ada", Batch.NowMs, default);
        await stores.Functions.RegisterAsync("ada", "add", "() => 1"u8.ToArray(), Batch.NowMs, FunctionBounds.None, default);
        var epoch = (await stores.Jobs.TakeEpochAsync(default)).Value.Number;

        for (var at = 1; at <= 10; at++)
        {
            var job = Batch.New(at);
            job = job with { Submission = job.Submission with { Arguments = new Body(null, await StoreAsync(stores)) } };
            (await stores.Jobs.CommitAsync(new JobCommit(epoch, [job], [], [], []), default)).Value.New[0].Error
                .Should().BeNull();
        }
    }

    [Fact]
    public async Task Store_WhenTheStoreWasOpenedAgain_KnowsWhatIsThere()
    {
        await using (var stores = Open())
        {
            await StoreAsync(stores);
            await StoreAsync(stores);
        }

        await using var again = Open();

        (await again.Jobs.StorePayloadAsync(Guid.NewGuid(), new byte[Size], Batch.NowMs, default)).Error!.Code
            .Should().Be(ErrorCode.NotDurable);
    }

    [Fact]
    public async Task Store_WhenBodiesHaveWaitedForMinutes_TakesTheirPlace()
    {
        await using var stores = Open();
        await StoreAsync(stores);
        await StoreAsync(stores, Batch.NowMs + (4 * MinuteMs));

        await StoreAsync(stores, Batch.NowMs + (6 * MinuteMs));

        (await stores.Jobs.StorePayloadAsync(Guid.NewGuid(), new byte[Size], Batch.NowMs + (6 * MinuteMs), default)).Error!
            .Code.Should().Be(ErrorCode.NotDurable, "the others may still be referred to");
    }

    [Fact]
    public async Task Sweep_WhenItRemovedBodies_MakesRoom()
    {
        await using var stores = Open();
        await StoreAsync(stores);
        await StoreAsync(stores);

        (await stores.Jobs.SweepAsync(0, Batch.NowMs + 1, 0, default)).Value.Payloads.Should().Be(2);

        await StoreAsync(stores);
        await StoreAsync(stores);
    }

    private SqliteStores Open() => new(DatabaseFile, unreferencedBytes: (2 * Size) + 10);

    private static async Task<Guid> StoreAsync(SqliteStores stores, long nowMs = Batch.NowMs)
    {
        var id = Guid.NewGuid();
        (await stores.Jobs.StorePayloadAsync(id, new byte[Size], nowMs, default)).Error.Should().BeNull();
        return id;
    }
}
