using FaaS.Application.Db;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>The log of decisions in files that are closed, opened again, or older than it.</summary>
public sealed class DecisionFileTests : IDisposable
{
    private static readonly Guid Scaler = Guid.NewGuid();
    private readonly string _folder = SqliteStores.NewFolder();

    private string DatabaseFile => Path.Combine(_folder, "faas.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Open_WhenClosedBefore_HasTheDecisionsAndKnowsThemAgain()
    {
        await using (var stores = new SqliteStores(DatabaseFile)) await AppendAsync(stores, 1, 2, 3);

        await using var again = new SqliteStores(DatabaseFile);

        (await NumbersAsync(again)).Should().Equal(3, 2, 1);
        (await AppendAsync(again, 3, 4)).Should().Be(1);
        (await ListAsync(again)).Select(row => row.Id).Should().BeInDescendingOrder();
    }

    [Fact]
    public async Task Open_OfAFileThatIsOlderThanTheLog_AddsItAndKeepsTheRest()
    {
        long epoch;
        await using (var stores = new SqliteStores(DatabaseFile))
            epoch = (await stores.Jobs.TakeEpochAsync(default)).Value.Number;
        using (var old = Database.Open(DatabaseFile, readOnly: false)) old.Execute("DROP TABLE decisions");

        await using var again = new SqliteStores(DatabaseFile);

        (await AppendAsync(again, 1)).Should().Be(1);
        (await NumbersAsync(again)).Should().Equal(1);
        (await again.Jobs.TakeEpochAsync(default)).Value.Number.Should().Be(epoch + 1);
    }

    [Fact]
    public async Task File_WithTheLog_HasTheVersionThatReleasesWithoutItOpen()
    {
        await using (var stores = new SqliteStores(DatabaseFile)) await AppendAsync(stores, 1);

        using var database = Database.Open(DatabaseFile, readOnly: true);

        database.ReadNumber("PRAGMA user_version").Should().Be(1);
    }

    private static async Task<int> AppendAsync(SqliteStores stores, params long[] numbers)
    {
        var added = await stores.Decisions.AppendAsync(Scaler, [.. numbers.Select(Make)], default);
        added.Error.Should().BeNull();
        return added.Value;
    }

    private static DecisionReport Make(long number) => new(
        number, DateTimeOffset.UnixEpoch, "queue-delay", "flow", 1, 2, 2, "Because.", null, null, null, null, null);

    private static async Task<IReadOnlyList<RecordedDecision>> ListAsync(SqliteStores stores) =>
        (await stores.Decisions.ListAsync(long.MaxValue, false, 100, 1 << 20, default)).Value.Decisions;

    private static async Task<IEnumerable<long>> NumbersAsync(SqliteStores stores) =>
        (await ListAsync(stores)).Select(row => row.Decision.Number);
}
