using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;
using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>Closing, crashing, full and failing disks.</summary>
public sealed class DurabilityTests : IDisposable
{
    private readonly string _folder = SqliteStores.NewFolder();

    private string DatabaseFile => Path.Combine(_folder, "faas.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Open_WhenClosedBefore_HasEverything()
    {
        byte[] leaseKey;
        await using (var stores = new SqliteStores(DatabaseFile))
        {
            var epoch = await StartAsync(stores);
            await CommitAsync(stores, Batch.Added(epoch, 1, 50));
            await CommitAsync(stores, Batch.Ended(epoch, 1, 20));
            leaseKey = (await stores.Jobs.ReadLeaseKeyAsync(default)).Value;
        }

        await using var again = new SqliteStores(DatabaseFile);

        (await again.Jobs.TakeEpochAsync(default)).Value.Should().BeEquivalentTo(new Epoch(2, 50, leaseKey));
        await ShouldHoldAsync(again, added: 50, ended: 20);
    }

    [Fact]
    public async Task Open_AfterACrashAtAnyMoment_HasEverythingThatWasAnswered()
    {
        await using var stores = new SqliteStores(DatabaseFile);
        var epoch = await StartAsync(stores);
        for (var round = 0; round < 8; round++)
        {
            await CommitAsync(stores, Batch.Added(epoch, 1 + (round * 40), 40));
            await CommitAsync(stores, Batch.Ended(epoch, 1 + (round * 40), 15));
            // More is being written while the files are copied, as it would be when the machine stops.
            var unanswered = stores.Jobs.CommitAsync(Batch.Ended(epoch, 16 + (round * 40), 1), default);

            await using var crashed = new SqliteStores(CopyAsACrashLeavesIt(round));

            await ShouldHoldAsync(crashed, added: 40 * (round + 1), ended: (15 * (round + 1)) + round, orMore: 1);
            (await unanswered).IsOk.Should().BeTrue();
        }
    }

    [Fact]
    public async Task Open_AfterACrashInTheMiddleOfAMerge_HasEverything()
    {
        await using var stores = new SqliteStores(DatabaseFile);
        var epoch = await StartAsync(stores);
        await CommitAsync(stores, Batch.Added(epoch, 1, 2_000));
        // The file has some of the merged pages and not others: what a stop in the middle of a merge leaves.
        var copy = CopyAsACrashLeavesIt(0);
        using (var merged = Database.Open(DatabaseFile, readOnly: false)) merged.MergeLog();
        var half = File.ReadAllBytes(DatabaseFile);
        File.WriteAllBytes(copy, half[..(half.Length / 2 / 4096 * 4096)]);

        await using var crashed = new SqliteStores(copy);

        await ShouldHoldAsync(crashed, added: 2_000, ended: 0);
    }

    [Fact]
    public async Task Commit_WhenTheFileMayNotGrow_IsCertainlyNotStored()
    {
        await using var stores = new SqliteStores(DatabaseFile, maxBytes: 1 << 20);
        var epoch = await StartAsync(stores);
        await CommitAsync(stores, Batch.Added(epoch, 1, 10));

        var refused = await FillAsync(stores);
        var afterwards = await stores.Jobs.CommitAsync(Batch.Ended(epoch, 1, 1), default);

        refused.Code.Should().Be(ErrorCode.NotDurable);
        refused.RetryAfterSeconds.Should().BePositive();
        stores.Deaths.Should().BeEmpty();
        afterwards.IsOk.Should().BeTrue("a small write still fits");
        await ShouldHoldAsync(stores, added: 10, ended: 1);
    }

    [Fact]
    public async Task Commit_WhenTheDiskIsFull_IsCertainlyNotStored()
    {
        await using var stores = new SqliteStores(DatabaseFile);
        var epoch = await StartAsync(stores);
        await CommitAsync(stores, Batch.Added(epoch, 1, 10));
        // With an empty log nothing has to be read from what stands in for it.
        using (var merged = Database.Open(DatabaseFile, readOnly: false)) merged.EmptyLog();
        using (BrokenFile.Replace(DatabaseFile + "-wal", "/dev/full"))
        {
            var refused = await stores.Jobs.CommitAsync(Batch.Added(epoch, 11, 10), default);

            refused.Error!.Code.Should().Be(ErrorCode.NotDurable);
        }

        stores.Deaths.Should().BeEmpty();
        await CommitAsync(stores, Batch.Added(epoch, 11, 10));
        await ShouldHoldAsync(stores, added: 20, ended: 0);
    }

    [Fact]
    public async Task Commit_WhenTheFsyncFails_EndsTheProcess()
    {
        await using var stores = new SqliteStores(DatabaseFile);
        var epoch = await StartAsync(stores);
        await CommitAsync(stores, Batch.Added(epoch, 1, 10));
        // Writing to it succeeds, syncing it does not.
        using (BrokenFile.Replace(DatabaseFile + "-wal", "/dev/null"))
        {
            var unknown = await stores.Jobs.CommitAsync(Batch.Added(epoch, 11, 10), default);

            unknown.Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        }

        stores.Deaths.Should().ContainSingle().Which.Should().Contain(DatabaseFile);
        var later = await stores.Jobs.CommitAsync(Batch.Added(epoch, 11, 10), default);
        later.Error!.Code.Should().Be(ErrorCode.NotDurable, "nothing is written after it");
    }

    [Fact]
    public async Task Commit_WhenAPageIsDamaged_StopsInOrderAndForGood()
    {
        await using (var stores = new SqliteStores(DatabaseFile))
        {
            var epoch = await StartAsync(stores);
            await CommitAsync(stores, Batch.Added(epoch, 1, 10));
        }
        await using (var stores = new SqliteStores(DatabaseFile))
        {
            Damage("users");
            Damage("users_open");

            var refused = await stores.Users.RegisterAsync("bob", Batch.NowMs, default);
            var later = await stores.Users.RegisterAsync("eve", Batch.NowMs, default);

            refused.Error!.Code.Should().Be(ErrorCode.NotDurable);
            later.Error!.Code.Should().Be(ErrorCode.NotDurable);
            stores.Deaths.Should().BeEmpty();
            stores.Stops.Should().ContainSingle().Which.Should().Contain(DatabaseFile).And.Contain("Restore a backup");
        }
        var before = await File.ReadAllBytesAsync(DatabaseFile);

        var again = () => new SqliteStores(DatabaseFile);

        again.Should().Throw<CompositionException>().WithMessage($"*{DatabaseFile}*damage*backup*remove*.damaged'*");
        (await File.ReadAllBytesAsync(DatabaseFile)).Should().Equal(before, "no start writes to it any more");
    }

    [Fact]
    public async Task Commit_WhenTheStoreIsClosed_IsCertainlyNotStored()
    {
        var stores = new SqliteStores(DatabaseFile);
        var epoch = await StartAsync(stores);
        await stores.DisposeAsync();

        var refused = await stores.Jobs.CommitAsync(Batch.Added(epoch, 1, 1), default);

        refused.Error!.Code.Should().Be(ErrorCode.NotDurable);
    }

    [Fact]
    public async Task Dispose_WhenWritesWait_FinishesThem()
    {
        var stores = new SqliteStores(DatabaseFile);
        var epoch = await StartAsync(stores);
        var commits = Enumerable.Range(0, 40)
            .Select(at => stores.Jobs.CommitAsync(Batch.Added(epoch, 1 + (at * 5), 5), default)).ToArray();

        await stores.DisposeAsync();

        foreach (var commit in commits) (await commit).IsOk.Should().BeTrue();
        await using var again = new SqliteStores(DatabaseFile);
        await ShouldHoldAsync(again, added: 200, ended: 0);
    }

    private static async Task<long> StartAsync(SqliteStores stores)
    {
        await stores.Users.RegisterAsync("ada", Batch.NowMs, default);
        await stores.Functions.RegisterAsync("ada", "add", "() => 1"u8.ToArray(), Batch.NowMs, FunctionBounds.None, default);
        return (await stores.Jobs.TakeEpochAsync(default)).Value.Number;
    }

    private static async Task CommitAsync(SqliteStores stores, JobCommit commit) =>
        (await stores.Jobs.CommitAsync(commit, default)).Error.Should().BeNull();

    private static async Task<Error> FillAsync(SqliteStores stores)
    {
        for (var at = 0; at < 100; at++)
        {
            var stored = await stores.Jobs.StorePayloadAsync(Guid.NewGuid(), new byte[100_000], Batch.NowMs, default);
            if (!stored.IsOk) return stored.Error;
        }
        throw new InvalidOperationException("The file took ten times what it may.");
    }

    /// <summary>The first jobs are there, the first of them ended and billed, and the file is whole.</summary>
    private static async Task ShouldHoldAsync(SqliteStores stores, int added, int ended, int orMore = 0)
    {
        var unfinished = (await stores.Jobs.LoadUnfinishedAsync(0, 10_000, default)).Value.Jobs.Count;
        unfinished.Should().BeInRange(added - ended - orMore, added - ended);
        var billed = (await stores.Users.SumWallTimeAsync("ada", default)).Value.TotalMilliseconds;
        billed.Should().Be(added - unfinished, "each job that ended is billed a millisecond, once");
        using var database = Database.Open(stores.File, readOnly: true);
        database.ReadText("PRAGMA integrity_check").Should().Be("ok");
        database.ReadNumber("SELECT count(*) FROM jobs").Should().Be(added);
        var evidence = database.ReadNumber("SELECT sum(wall_us) FROM ledger");
        database.ReadNumber("SELECT sum(wall_us) FROM ledger_days").Should().Be(evidence);
    }

    /// <summary>Overwrites the root page of a table or an index.</summary>
    private void Damage(string name)
    {
        long page;
        using (var database = Database.Open(DatabaseFile, readOnly: true))
            page = database.ReadNumber($"SELECT rootpage FROM sqlite_schema WHERE name = '{name}'");
        var garbage = new byte[4096];
        Array.Fill(garbage, (byte)0xA5);
        using var stream = new FileStream(DatabaseFile, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Position = (page - 1) * 4096;
        stream.Write(garbage);
    }

    private string CopyAsACrashLeavesIt(int round)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"crash-{round}")).FullName;
        var copy = Path.Combine(folder, "faas.db");
        // The file before its log: a merge in between would otherwise be missing from both.
        File.Copy(DatabaseFile, copy);
        File.Copy(DatabaseFile + "-wal", copy + "-wal");
        return copy;
    }
}
