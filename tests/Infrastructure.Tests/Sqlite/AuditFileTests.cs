using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>An action and its entry are one transaction.</summary>
public sealed class AuditFileTests
{
    [Fact]
    public async Task Action_WhoseEntryCannotBeWritten_IsNotDone()
    {
        await using var stores = new SqliteStores();
        await stores.Users.RegisterAsync("ada", 1, default);
        await stores.Store.Writer.DoAsync<bool>(
            statements =>
            {
                statements.Database.Execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END");
                return true;
            },
            default);

        var deleted = await stores.Users.CloseAsync("ada", default);
        var set = await stores.Quotas.ChangeAsync("ada", [new QuotaChange("weight", 5)], default);

        deleted.Error!.Code.Should().Be(ErrorCode.NotDurable);
        set.Error!.Code.Should().Be(ErrorCode.NotDurable);
        (await stores.Users.SumWallTimeAsync("ada", default)).IsOk.Should().BeTrue("the user is still there");
        (await stores.Quotas.FindAsync("ada", default)).Value.Revision.Should().Be(0);
    }

    [Fact]
    public async Task Entries_OutliveTheProcess()
    {
        var folder = SqliteStores.NewFolder();
        try
        {
            var file = Path.Combine(folder, "faas.db");
            await using (var stores = new SqliteStores(file)) await stores.Users.RegisterAsync("ada", 1, default);

            await using var again = new SqliteStores(file);
            await again.Users.CloseAsync("ada", default);

            var page = (await again.Audit.ListAsync(new AuditQuery(null, null, 0, 0, 0, 10), 10_000, default)).Value;
            page.Entries.Select(entry => entry.Id).Should().Equal(2, 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
